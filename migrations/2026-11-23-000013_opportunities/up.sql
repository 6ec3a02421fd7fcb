-- What a school can ask for: distances, and the declinations that cover it.

-- The distance between two points in kilometres, on a sphere (haversine); null where one is not known.
CREATE FUNCTION distance_km(latitude double precision, longitude double precision,
                            other_latitude double precision, other_longitude double precision)
    RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN 12742 * asin(least(1, sqrt(
        power(sind((other_latitude - latitude) / 2), 2)
        + cosd(latitude) * cosd(other_latitude) * power(sind((other_longitude - longitude) / 2), 2))));

-- Active declinations by what they cover: a school's are few among many.
CREATE INDEX declinations_covering_idx ON declinations USING gin (territories) WHERE status = 'active';
