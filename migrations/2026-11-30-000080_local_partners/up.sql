-- Local partners: those of a territory, kept by whoever has it in charge.

ALTER TABLE partners
    ADD COLUMN origin text NOT NULL DEFAULT 'national'
        CONSTRAINT partners_origin CHECK (origin IN ('national', 'local')),
    ADD COLUMN territory text,
    -- The territory and all above it: what a perimeter is compared with.
    ADD COLUMN reach text[] NOT NULL DEFAULT '{}',
    ADD CONSTRAINT partners_territory CHECK ((origin = 'local') = (territory IS NOT NULL));
CREATE INDEX partners_territory_idx ON partners USING gin (reach) WHERE origin = 'local';
