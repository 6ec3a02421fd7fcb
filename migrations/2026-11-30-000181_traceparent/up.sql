-- The place in a trace (W3C Trace Context) that the request which made a change named: webhooks pass the
-- trace on. Null where the request named none.
ALTER TABLE changes ADD COLUMN traceparent text;
-- The same of what is sent again, when the change may be gone.
ALTER TABLE webhook_deliveries ADD COLUMN traceparent text;
