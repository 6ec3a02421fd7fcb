-- Who said a value last is in the journal; which of its requests were imports is told here.
CREATE TABLE imported_lists (
    -- That of the journal's rows.
    request_id  text PRIMARY KEY,
    -- The name of the list, empty when it was not told.
    source      text NOT NULL,
    -- The day of its edition, when it was told.
    edition     date,
    imported_at timestamptz NOT NULL
);

-- Only an import makes a convention with `imported` or a partner with a list's id: these requests
-- were imports. What is not told by them counts as said by people.
INSERT INTO imported_lists (request_id, source, imported_at)
SELECT a.request_id, '', min(a.occurred_at)
  FROM audit_events a
 WHERE (a.action = 'convention.created'
        AND EXISTS (SELECT FROM conventions c WHERE c.id = a.object_id AND c.imported IS NOT NULL))
    OR (a.action = 'partner.created' AND a.client_id IN ('ree-cli', 'ree-demo')
        AND EXISTS (SELECT FROM partners p WHERE p.id = a.object_id AND p.source_id IS NOT NULL))
 GROUP BY a.request_id;

-- What lists call partners. An id is given once, for good; a partner may have one of each list.
CREATE TABLE partner_source_ids (
    source_id  text PRIMARY KEY,
    partner_id uuid NOT NULL CONSTRAINT partner_source_ids_partner_fkey REFERENCES partners (id) ON DELETE CASCADE
);
CREATE INDEX partner_source_ids_partner_idx ON partner_source_ids (partner_id);
INSERT INTO partner_source_ids SELECT source_id, id FROM partners WHERE source_id IS NOT NULL;
ALTER TABLE partners DROP COLUMN source_id;
