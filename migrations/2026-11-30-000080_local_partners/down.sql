DROP INDEX partners_territory_idx;
ALTER TABLE partners
    DROP CONSTRAINT partners_territory,
    DROP COLUMN reach,
    DROP COLUMN territory,
    DROP COLUMN origin;
