-- What moves with a school that comes under another academy, as the functions hand it to each other:
-- the object, the one its URL is below, and the perimeters that it was and is in.
CREATE TYPE moved_object AS (id uuid, parent_id uuid, version bigint, before text[], after text[]);
