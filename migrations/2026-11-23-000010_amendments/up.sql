-- Amendments: what changes in a convention once it is signed, and from which day.

-- A convention's own columns are the text that was signed first. Its signed amendments are kept
-- beside them, written when one is signed, in the order of their effect:
-- [{id, number, title, effective_on, signed_on, changes, ends_on}], the last being the end agreed on from then.
ALTER TABLE conventions ADD COLUMN amendments jsonb NOT NULL DEFAULT '[]';

-- The end as it stands after all of them.
CREATE FUNCTION convention_agreed_end(ends_on date, amendments jsonb) RETURNS date
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN coalesce(iso_date(amendments -> -1 ->> 'ends_on'), ends_on);

-- A successor is known once it is signed, also where it comes after a termination.
ALTER TABLE conventions
    DROP CONSTRAINT conventions_replaced,
    ADD CONSTRAINT conventions_replaced CHECK ((status = 'replaced') <= (replaced_on IS NOT NULL)),
    ADD CONSTRAINT conventions_succeeded CHECK ((successor_id IS NULL) = (replaced_on IS NULL)),
    ADD CONSTRAINT conventions_terminated CHECK ((status = 'terminated') <= (termination IS NOT NULL));

DROP VIEW intervention_standing;
ALTER TABLE conventions DROP COLUMN in_force_until;
ALTER TABLE conventions ADD COLUMN in_force_until date GENERATED ALWAYS AS (
    convention_last_day(convention_agreed_end(ends_on, amendments), terms -> 'renewal',
                        imported ->> 'attested_until', termination ->> 'on', replaced_on)) STORED;

-- The days it is in force, as they stand; null when there are none.
CREATE FUNCTION convention_days(status text, first date, last date) RETURNS daterange
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN status IN ('signed', 'terminated', 'replaced') AND first <= coalesce(last, 'infinity')
                THEN daterange(first, last, '[]') END;
CREATE INDEX conventions_in_force_idx ON conventions USING gist (convention_days(status, starts_on, in_force_until));

-- What each text of a convention restricts, from one day to another: the text that was signed first,
-- then one for each day an amendment takes effect.
CREATE TABLE convention_texts (
    convention_id uuid NOT NULL CONSTRAINT convention_texts_convention_fkey REFERENCES conventions (id) ON DELETE CASCADE,
    from_day      date NOT NULL,
    -- The day the next one takes its place.
    until_day     date NOT NULL,
    partner_ids   uuid[] NOT NULL,
    axes          text[] NOT NULL,
    action_types  text[] NOT NULL,
    levels        text[] NOT NULL,
    moments       text[] NOT NULL,
    CONSTRAINT convention_texts_pkey PRIMARY KEY (convention_id, from_day)
);
CREATE INDEX convention_texts_partners_idx ON convention_texts USING gin (partner_ids);

-- Writes the texts of a convention: its own, and those that its amendments make
-- ([{from, partner_ids, axes, action_types, levels, moments}]). `convention_partners` has whoever is
-- a party by one of them.
CREATE FUNCTION set_convention_texts(convention uuid, amended jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM convention_texts WHERE convention_id = convention;
    INSERT INTO convention_texts
    SELECT convention, t.from_day, lead(t.from_day, 1, 'infinity') OVER (ORDER BY t.from_day),
           t.partner_ids, t.axes, t.action_types, t.levels, t.moments
      FROM (SELECT '-infinity'::date AS from_day, partner_ids, axes, action_types, levels, moments
              FROM conventions WHERE id = convention
            UNION ALL
            SELECT a."from", a.partner_ids, a.axes, a.action_types, a.levels, a.moments
              FROM jsonb_to_recordset(amended) AS a (
                   "from" date, partner_ids uuid[], axes text[], action_types text[], levels text[], moments text[])
           ) AS t;
    DELETE FROM convention_partners p
     WHERE p.convention_id = convention
       AND NOT EXISTS (SELECT FROM convention_texts t WHERE t.convention_id = convention AND p.partner_id = ANY (t.partner_ids));
    INSERT INTO convention_partners (convention_id, partner_id)
        SELECT DISTINCT convention, partner
          FROM convention_texts t, unnest(t.partner_ids) AS partner WHERE t.convention_id = convention
        ON CONFLICT DO NOTHING;
END $$;

-- What is signed no longer changes but by amendments: until then the database keeps the one text.
CREATE OR REPLACE FUNCTION conventions_follow_partners() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_convention_texts(NEW.id, '[]');
    RETURN NULL;
END $$;
ALTER FUNCTION conventions_follow_partners RENAME TO conventions_follow_text;
DROP TRIGGER conventions_partners_inserted ON conventions;
DROP TRIGGER conventions_partners_updated ON conventions;
CREATE TRIGGER conventions_text_inserted AFTER INSERT ON conventions
    FOR EACH ROW EXECUTE FUNCTION conventions_follow_text();
CREATE TRIGGER conventions_text_updated AFTER UPDATE OF partner_ids, axes, action_types, levels, moments ON conventions
    FOR EACH ROW WHEN ((NEW.partner_ids, NEW.axes, NEW.action_types, NEW.levels, NEW.moments)
        IS DISTINCT FROM (OLD.partner_ids, OLD.axes, OLD.action_types, OLD.levels, OLD.moments))
    EXECUTE FUNCTION conventions_follow_text();
SELECT set_convention_texts(id, '[]') FROM conventions;

-- As before, by the text of each day: joined by both ids and the day.
CREATE VIEW intervention_standing AS
    SELECT c.id AS convention_id,
           p.id AS partner_id,
           t.from_day,
           t.until_day,
           -- Why it carries nothing of this partner's.
           array_remove(ARRAY[
               CASE WHEN NOT (t.partner_ids && (p.member_of || p.id)) THEN 'not_a_party' END,
               CASE WHEN c.status NOT IN ('signed', 'terminated', 'replaced') THEN 'convention_not_signed' END
           ], NULL) AS obstacles,
           c.starts_on AS in_force_from,
           c.in_force_until,
           t.action_types,
           t.levels,
           c.territory
      FROM conventions c
      JOIN convention_texts t ON t.convention_id = c.id
     CROSS JOIN partners p;

CREATE TABLE amendments (
    id                uuid PRIMARY KEY,
    version           bigint NOT NULL DEFAULT 1,
    convention_id     uuid NOT NULL CONSTRAINT amendments_convention_fkey REFERENCES conventions (id),
    number            integer NOT NULL,
    status            text NOT NULL DEFAULT 'draft'
        CONSTRAINT amendments_status CHECK (status IN ('draft', 'to_sign', 'signed', 'abandoned')),
    title             text NOT NULL,
    effective_on      date NOT NULL,
    -- [{op, …}]
    changes           jsonb NOT NULL,
    documents         jsonb NOT NULL,
    -- As those of a convention.
    signatories       jsonb NOT NULL,
    voided_signatures jsonb NOT NULL,
    signed_on         date,
    content_hash      text NOT NULL,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    CONSTRAINT amendments_number_key UNIQUE (convention_id, number),
    CONSTRAINT amendments_signed CHECK ((status = 'signed') = (signed_on IS NOT NULL))
);
CREATE INDEX amendments_updated_idx ON amendments (convention_id, updated_at, id);

-- The partners it adds or removes, as rows: they are really there, and cannot be deleted under it.
CREATE TABLE amendment_partners (
    amendment_id uuid NOT NULL CONSTRAINT amendment_partners_amendment_fkey REFERENCES amendments (id) ON DELETE CASCADE,
    partner_id   uuid NOT NULL CONSTRAINT amendment_partners_partner_fkey REFERENCES partners (id),
    CONSTRAINT amendment_partners_pkey PRIMARY KEY (amendment_id, partner_id)
);
CREATE INDEX amendment_partners_partner_idx ON amendment_partners (partner_id);

CREATE FUNCTION amendments_follow_partners() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM amendment_partners WHERE amendment_id = NEW.id;
    INSERT INTO amendment_partners (amendment_id, partner_id)
        SELECT DISTINCT NEW.id, (change ->> 'partner_id')::uuid
          FROM jsonb_array_elements(NEW.changes) AS change WHERE change ? 'partner_id';
    RETURN NULL;
END $$;
CREATE TRIGGER amendments_partners_inserted AFTER INSERT ON amendments
    FOR EACH ROW EXECUTE FUNCTION amendments_follow_partners();
CREATE TRIGGER amendments_partners_updated AFTER UPDATE OF changes ON amendments
    FOR EACH ROW WHEN (NEW.changes <> OLD.changes) EXECUTE FUNCTION amendments_follow_partners();

-- The successor that is being prepared, if one is; the one that was signed is `successor_id`.
CREATE FUNCTION convention_successor_under_way(convention uuid) RETURNS uuid
    LANGUAGE sql STABLE
    RETURN (SELECT id FROM conventions
             WHERE predecessor_id = convention AND status IN ('draft', 'negotiation', 'to_sign')
             ORDER BY id DESC LIMIT 1);

-- The last day that a successor's predecessor is in force.
CREATE FUNCTION convention_end(convention uuid) RETURNS date
    LANGUAGE sql STABLE
    RETURN (SELECT in_force_until FROM conventions WHERE id = convention);

-- Of these codes, those beyond what is allowed; nothing allowed allows everything.
CREATE FUNCTION codes_beyond(codes text[], allowed text[]) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN allowed = '{}' THEN '{}'
                ELSE ARRAY(SELECT DISTINCT code FROM unnest(codes) AS code
                            WHERE code IS NOT NULL AND NOT code = ANY (allowed) ORDER BY code) END;
