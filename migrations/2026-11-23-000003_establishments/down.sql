DROP VIEW territory_tree;
DROP TABLE establishments;
