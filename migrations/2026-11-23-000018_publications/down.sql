DROP TABLE publication_secrets;
DROP TABLE publication_cells;
DROP TABLE publications;
DROP FUNCTION refuse_change_of_published();
