-- Conventions: when they are in force, what their text says on a day, and their parties as rows.
--
-- `amendments` is a convention's column of signed ones, in the order of their effect, and `terms` the
-- rest of the contractual content that was signed first.

-- The last day a convention can be in force, null when nothing ends it: the end of its last tacit
-- renewal, the day it is terminated for, the eve of its successor, whichever comes first. Of an
-- imported one whose source gives no end, the last day the source attests.
-- Its results are stored, in `conventions.in_force_until`:
-- a change takes a migration that computes them again.
CREATE OR REPLACE FUNCTION convention_last_day(ends_on date, renewal jsonb, attested_until text, terminated_on text, replaced_on date)
    RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN least(
        CASE WHEN ends_on IS NULL THEN iso_date(attested_until)
             WHEN renewal ->> 'mode' IS DISTINCT FROM 'tacit' THEN ends_on
             ELSE (ends_on + make_interval(months => (renewal ->> 'months')::integer * (renewal ->> 'max_times')::integer))::date
        END,
        iso_date(terminated_on), replaced_on - 1);

-- The end that is agreed after all amendments.
-- Its results are stored, in `conventions.in_force_until`:
-- a change takes a migration that computes them again.
CREATE OR REPLACE FUNCTION convention_agreed_end(ends_on date, amendments jsonb) RETURNS date
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN coalesce(iso_date(amendments -> -1 ->> 'ends_on'), ends_on);

-- The end that is agreed on a day: that of the text then.
CREATE OR REPLACE FUNCTION convention_agreed_end_on(ends_on date, amendments jsonb, day date)
    RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN amendments = '[]' THEN ends_on
                ELSE coalesce((SELECT iso_date(one ->> 'ends_on')
                                 FROM jsonb_array_elements(amendments) WITH ORDINALITY AS a (one, place)
                                WHERE iso_date(one ->> 'effective_on') <= day ORDER BY place DESC LIMIT 1), ends_on) END;

-- The days a convention is in force, as its dates stand; null when there are none.
-- Its results are stored, in the index conventions_in_force_idx:
-- a change takes a migration that computes them again.
CREATE OR REPLACE FUNCTION convention_days(status text, first date, last date) RETURNS daterange
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN status IN ('signed', 'terminated', 'replaced') AND first <= coalesce(last, 'infinity')
                THEN daterange(first, last, '[]') END;

-- What a convention is on a day; null when it was never signed. The program has the same rule: a test
-- compares the two.
CREATE OR REPLACE FUNCTION convention_effective_status(
    status text, starts_on date, in_force_until date, termination jsonb, replaced_on date, day date)
    RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN status NOT IN ('signed', 'terminated', 'replaced') THEN NULL
        WHEN iso_date(termination ->> 'on') < day THEN 'terminated'
        WHEN replaced_on <= day THEN 'replaced'
        WHEN starts_on > day THEN 'upcoming'
        WHEN starts_on IS NULL OR in_force_until < day THEN 'expired'
        ELSE 'in_force'
    END;

-- How many tacit renewals of a convention have begun by a day: as many as it takes to reach the day
-- and the agreement allows. Null when the agreement has no end. convention_last_day takes them all.
CREATE OR REPLACE FUNCTION convention_renewals(ends_on date, renewal jsonb, day date)
    RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN ends_on IS NULL THEN NULL
        WHEN day <= ends_on OR renewal ->> 'mode' IS DISTINCT FROM 'tacit'
             OR coalesce((renewal ->> 'months')::integer, 0) < 1 THEN 0
        -- The months to that month, and one more where its day is not reached; in periods, rounded up.
        ELSE least((renewal ->> 'max_times')::integer,
            (months_from(ends_on, day)
             + ((ends_on + make_interval(months => months_from(ends_on, day)))::date < day)::integer
             + (renewal ->> 'months')::integer - 1) / (renewal ->> 'months')::integer)
    END;

-- The last day of the period that a day falls in: the agreed end, or that of the last tacit renewal
-- begun by then. It is `effective_ends_on`, for which the program has the same rule: a test compares
-- the two.
CREATE OR REPLACE FUNCTION convention_period_end(ends_on date, renewal jsonb, day date)
    RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (ends_on + make_interval(months =>
        convention_renewals(ends_on, renewal, day) * coalesce((renewal ->> 'months')::integer, 0)))::date;

-- How often a convention is followed up, by the text of a day.
CREATE OR REPLACE FUNCTION convention_periodicity(terms jsonb, amendments jsonb, day date)
    RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT follow_up ->> 'periodicity'
              FROM (SELECT 0 AS place, terms -> 'follow_up' AS follow_up
                    UNION ALL
                    SELECT place, change -> 'follow_up'
                      FROM jsonb_array_elements(amendments) WITH ORDINALITY AS a (one, place)
                     CROSS JOIN jsonb_array_elements(one -> 'changes') AS change
                     WHERE iso_date(one ->> 'effective_on') <= day AND change ->> 'op' = 'set_follow_up') AS said
             ORDER BY place DESC LIMIT 1);

-- The targets of a convention by the text of a day: [{measure, school_year, value, territory}].
CREATE OR REPLACE FUNCTION convention_targets(terms jsonb, amendments jsonb, day date)
    RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT coalesce(follow_up -> 'targets', '[]')
              FROM (SELECT 0 AS place, terms -> 'follow_up' AS follow_up
                    UNION ALL
                    SELECT place, change -> 'follow_up'
                      FROM jsonb_array_elements(amendments) WITH ORDINALITY AS a (one, place)
                     CROSS JOIN jsonb_array_elements(one -> 'changes') AS change
                     WHERE iso_date(one ->> 'effective_on') <= day AND change ->> 'op' = 'set_follow_up') AS said
             ORDER BY place DESC LIMIT 1);

-- The last day that a convention is in force. This one and the next are called by the former release alone.
CREATE OR REPLACE FUNCTION convention_end(convention uuid) RETURNS date
    LANGUAGE sql STABLE
    RETURN (SELECT in_force_until FROM conventions WHERE id = convention);

-- The successor that is being prepared, if one is; the one that was signed is `successor_id`.
CREATE OR REPLACE FUNCTION convention_successor_under_way(convention uuid) RETURNS uuid
    LANGUAGE sql STABLE
    RETURN (SELECT id FROM conventions
             WHERE predecessor_id = convention AND status IN ('draft', 'negotiation', 'to_sign')
             ORDER BY id DESC LIMIT 1);

-- Of these codes, those beyond what is allowed; nothing allowed allows everything.
CREATE OR REPLACE FUNCTION codes_beyond(codes text[], allowed text[]) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN allowed = '{}' THEN '{}'
                ELSE ARRAY(SELECT DISTINCT code FROM unnest(codes) AS code
                            WHERE code IS NOT NULL AND NOT code = ANY (allowed) ORDER BY code) END;

-- Writes the texts of a convention: its own, and those that its amendments make
-- ([{from, partner_ids, axes, action_types, levels, moments}]). `convention_partners` has whoever is
-- a party by one of them: a party is really there and cannot be deleted under its conventions.
CREATE OR REPLACE FUNCTION set_convention_texts(convention uuid, amended jsonb) RETURNS void LANGUAGE plpgsql AS $$
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
    -- Its levels say which schools report, where schools do.
    PERFORM follow_schools(convention, NULL);
END $$;

-- What is signed no longer changes but by amendments: until then a convention has its one text.
CREATE OR REPLACE FUNCTION conventions_follow_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_convention_texts(NEW.id, '[]');
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER conventions_text_inserted AFTER INSERT ON conventions
    FOR EACH ROW EXECUTE FUNCTION conventions_follow_text();
CREATE OR REPLACE TRIGGER conventions_text_updated AFTER UPDATE OF partner_ids, axes, action_types, levels, moments ON conventions
    FOR EACH ROW WHEN ((NEW.partner_ids, NEW.axes, NEW.action_types, NEW.levels, NEW.moments)
        IS DISTINCT FROM (OLD.partner_ids, OLD.axes, OLD.action_types, OLD.levels, OLD.moments))
    EXECUTE FUNCTION conventions_follow_text();

-- Keeps `amendment_partners`, the partners that an amendment adds or removes, as its changes say: they
-- are really there and cannot be deleted under it.
CREATE OR REPLACE FUNCTION amendments_follow_partners() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM amendment_partners WHERE amendment_id = NEW.id;
    INSERT INTO amendment_partners (amendment_id, partner_id)
        SELECT DISTINCT NEW.id, (change ->> 'partner_id')::uuid
          FROM jsonb_array_elements(NEW.changes) AS change WHERE change ? 'partner_id';
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER amendments_partners_inserted AFTER INSERT ON amendments
    FOR EACH ROW EXECUTE FUNCTION amendments_follow_partners();
CREATE OR REPLACE TRIGGER amendments_partners_updated AFTER UPDATE OF changes ON amendments
    FOR EACH ROW WHEN (NEW.changes <> OLD.changes) EXECUTE FUNCTION amendments_follow_partners();
