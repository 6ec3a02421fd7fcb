ALTER TABLE webhook_deliveries DROP COLUMN traceparent;
ALTER TABLE changes DROP COLUMN traceparent;
