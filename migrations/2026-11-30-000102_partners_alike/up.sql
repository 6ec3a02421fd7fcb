-- Partners with a name like that of a new one are looked for at each creation, and words within names by the
-- list's `q`: both read every partner.
CREATE INDEX partners_search_idx ON partners USING gin (search gin_trgm_ops);
