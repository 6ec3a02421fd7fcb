ALTER TABLE partners ADD COLUMN source_id text;
UPDATE partners p
   SET source_id = (SELECT min(source_id) FROM partner_source_ids s WHERE s.partner_id = p.id);
CREATE UNIQUE INDEX partners_source_key ON partners (source_id) WHERE source_id IS NOT NULL;
DROP TABLE partner_source_ids;
DROP TABLE imported_lists;
