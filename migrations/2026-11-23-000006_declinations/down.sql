DROP TABLE declination_claims, declinations;
