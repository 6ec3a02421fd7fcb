DROP INDEX interventions_place_idx;
CREATE OR REPLACE FUNCTION distance_km(latitude double precision, longitude double precision,
                                       other_latitude double precision, other_longitude double precision)
    RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN 12742 * asin(least(1, sqrt(
        power(sind((other_latitude - latitude) / 2), 2)
        + cosd(latitude) * cosd(other_latitude) * power(sind((other_longitude - longitude) / 2), 2))));
