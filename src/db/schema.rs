// @generated from the migrations; `tests/api/schema.rs` compares it with a migrated database.

diesel::table! {
    installation (only_row) {
        only_row -> Bool,
        cursor_key -> Bytea,
        feed_shift -> Int8,
        created_at -> Timestamptz,
        feed_purged -> Int8,
        issuer -> Nullable<Text>,
    }
}

diesel::table! {
    territories (code) {
        code -> Text,
        kind -> Text,
        name -> Text,
        parent -> Nullable<Text>,
        official_code -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    nomenclatures (name) {
        name -> Text,
        entries -> Jsonb,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    audit_events (id) {
        id -> Uuid,
        occurred_at -> Timestamptz,
        subject -> Text,
        role -> Text,
        client_id -> Text,
        request_id -> Text,
        action -> Text,
        object_type -> Text,
        object_id -> Uuid,
        fields -> Array<Text>,
        before -> Nullable<Jsonb>,
        after -> Nullable<Jsonb>,
    }
}

diesel::table! {
    changes (position, seq) {
        position -> Int8,
        seq -> Int8,
        #[sql_name = "type"]
        type_ -> Text,
        object_type -> Text,
        object_id -> Uuid,
        object_key -> Text,
        parent_id -> Nullable<Uuid>,
        version -> Int8,
        occurred_at -> Timestamptz,
        audience -> Array<Text>,
        horizon -> Nullable<Int8>,
        traceparent -> Nullable<Text>,
    }
}

diesel::table! {
    idempotency_keys (scope) {
        scope -> Bytea,
        request_hash -> Bytea,
        status -> Int2,
        location -> Nullable<Text>,
        etag -> Nullable<Text>,
        body -> Nullable<Bytea>,
        person_id -> Nullable<Uuid>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    partners (id) {
        id -> Uuid,
        version -> Int8,
        legal_name -> Text,
        usual_name -> Nullable<Text>,
        acronym -> Nullable<Text>,
        kind -> Text,
        siren -> Nullable<Text>,
        rna -> Nullable<Text>,
        sectors -> Array<Text>,
        member_of -> Array<Uuid>,
        website -> Nullable<Text>,
        description -> Nullable<Text>,
        status -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        sort_name -> Text,
        search -> Text,
        origin -> Text,
        territory -> Nullable<Text>,
        reach -> Array<Text>,
    }
}

diesel::table! {
    partner_networks (partner_id, network_id) {
        partner_id -> Uuid,
        network_id -> Uuid,
    }
}

diesel::table! {
    representatives (id) {
        id -> Uuid,
        version -> Int8,
        partner_id -> Uuid,
        name -> Text,
        function -> Nullable<Text>,
        email -> Nullable<Text>,
        phone -> Nullable<Text>,
        territories -> Array<Text>,
        reach -> Array<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    establishments (uai) {
        uai -> Text,
        id -> Uuid,
        version -> Int8,
        name -> Nullable<Text>,
        #[sql_name = "type"]
        type_ -> Nullable<Text>,
        sector -> Nullable<Text>,
        contract -> Nullable<Text>,
        nature_code -> Nullable<Text>,
        address -> Nullable<Text>,
        postal_code -> Nullable<Text>,
        city -> Nullable<Text>,
        city_code -> Nullable<Text>,
        department -> Nullable<Text>,
        academy -> Nullable<Text>,
        academic_region -> Nullable<Text>,
        latitude -> Nullable<Float8>,
        longitude -> Nullable<Float8>,
        phone -> Nullable<Text>,
        email -> Nullable<Text>,
        website -> Nullable<Text>,
        siret -> Nullable<Text>,
        tracks -> Jsonb,
        priority_education -> Nullable<Text>,
        levels -> Array<Text>,
        state -> Text,
        parent_uai -> Nullable<Text>,
        sites -> Jsonb,
        source_updated_on -> Nullable<Date>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        search -> Text,
    }
}

diesel::table! {
    clients (id) {
        id -> Uuid,
        version -> Int8,
        name -> Text,
        contact_email -> Text,
        role -> Text,
        territories -> Array<Text>,
        uais -> Array<Text>,
        partner_id -> Nullable<Uuid>,
        scopes -> Array<Text>,
        status -> Text,
        expires_at -> Nullable<Timestamptz>,
        last_used_at -> Nullable<Timestamptz>,
        tokens_after -> Nullable<Uuid>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    client_secrets (id) {
        id -> Uuid,
        client_id -> Uuid,
        digest -> Bytea,
        hint -> Text,
        created_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
        last_used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    revoked_tokens (jti) {
        jti -> Uuid,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    reference_counters (prefix) {
        prefix -> Text,
        last -> Int4,
    }
}

diesel::table! {
    conventions (id) {
        id -> Uuid,
        version -> Int8,
        reference -> Text,
        status -> Text,
        title -> Text,
        kind -> Text,
        scope -> Text,
        territory -> Nullable<Text>,
        reach -> Array<Text>,
        partner_ids -> Array<Uuid>,
        axes -> Array<Text>,
        action_types -> Array<Text>,
        levels -> Array<Text>,
        moments -> Array<Text>,
        starts_on -> Nullable<Date>,
        ends_on -> Nullable<Date>,
        terms -> Jsonb,
        publication -> Jsonb,
        signatories -> Jsonb,
        voided_signatures -> Jsonb,
        predecessor_id -> Nullable<Uuid>,
        successor_id -> Nullable<Uuid>,
        replaced_on -> Nullable<Date>,
        termination -> Nullable<Jsonb>,
        signed_on -> Nullable<Date>,
        content_hash -> Text,
        imported -> Nullable<Jsonb>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        search -> Text,
        amendments -> Jsonb,
        in_force_until -> Nullable<Date>,
    }
}

diesel::table! {
    convention_partners (convention_id, partner_id) {
        convention_id -> Uuid,
        partner_id -> Uuid,
    }
}

diesel::table! {
    declinations (id) {
        id -> Uuid,
        version -> Int8,
        convention_id -> Uuid,
        parent_id -> Nullable<Uuid>,
        level -> Text,
        territories -> Array<Text>,
        reach -> Array<Text>,
        title -> Nullable<Text>,
        axes -> Array<Text>,
        action_types -> Array<Text>,
        levels -> Array<Text>,
        moments -> Array<Text>,
        coordinator -> Nullable<Jsonb>,
        representative_id -> Nullable<Uuid>,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        targets -> Jsonb,
        planned_actions -> Jsonb,
        board_decision -> Nullable<Jsonb>,
        signatories -> Jsonb,
        status -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        reports_by -> Text,
    }
}

diesel::table! {
    declination_claims (convention_id, level, territory) {
        convention_id -> Uuid,
        level -> Text,
        territory -> Text,
        declination_id -> Uuid,
    }
}

diesel::table! {
    interventions (id) {
        id -> Uuid,
        version -> Int8,
        partner_id -> Uuid,
        external_id -> Text,
        convention_id -> Uuid,
        title -> Text,
        description -> Nullable<Text>,
        action_type -> Text,
        levels -> Array<Text>,
        moments -> Array<Text>,
        axes -> Array<Text>,
        event -> Nullable<Text>,
        modality -> Text,
        nationwide -> Bool,
        territories -> Array<Text>,
        held_by -> Array<Text>,
        place -> Nullable<Jsonb>,
        available_from -> Nullable<Date>,
        available_to -> Nullable<Date>,
        duration_minutes -> Nullable<Int4>,
        sessions -> Nullable<Int4>,
        pupils_per_session -> Nullable<Int4>,
        languages -> Array<Text>,
        url -> Nullable<Text>,
        accessibility -> Nullable<Text>,
        confirmed_at -> Timestamptz,
        withdrawn_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        covers -> Array<Text>,
        search -> crate::db::search::TsVector,
        host -> Nullable<Jsonb>,
    }
}

diesel::table! {
    reports (id) {
        id -> Uuid,
        version -> Int8,
        convention_id -> Uuid,
        declination_id -> Nullable<Uuid>,
        territory -> Text,
        reach -> Array<Text>,
        school_year -> Text,
        number -> Int4,
        supersedes_id -> Nullable<Uuid>,
        status -> Text,
        superseded -> Bool,
        establishments -> Array<Text>,
        narrative -> Jsonb,
        authors -> Array<Text>,
        submitted_at -> Nullable<Timestamptz>,
        validated_at -> Nullable<Timestamptz>,
        return_reason -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        prefilled -> Nullable<Jsonb>,
        confirmed -> Jsonb,
        seal -> Nullable<Text>,
    }
}

diesel::table! {
    report_lines (report_id, place) {
        report_id -> Uuid,
        place -> Int4,
        action_type -> Text,
        level -> Nullable<Text>,
        moment -> Nullable<Text>,
        axis -> Nullable<Text>,
        academy -> Nullable<Text>,
        event -> Nullable<Text>,
        actions -> Nullable<Int4>,
        pupils -> Nullable<Int4>,
        girls -> Nullable<Int4>,
        priority_education_pupils -> Nullable<Int4>,
        teachers -> Nullable<Int4>,
        professionals -> Nullable<Int4>,
        companies -> Nullable<Int4>,
        hours -> Nullable<Int4>,
        internships_offered -> Nullable<Int4>,
        internships_filled -> Nullable<Int4>,
    }
}

diesel::table! {
    convention_texts (convention_id, from_day) {
        convention_id -> Uuid,
        from_day -> Date,
        until_day -> Date,
        partner_ids -> Array<Uuid>,
        axes -> Array<Text>,
        action_types -> Array<Text>,
        levels -> Array<Text>,
        moments -> Array<Text>,
    }
}

diesel::table! {
    amendments (id) {
        id -> Uuid,
        version -> Int8,
        convention_id -> Uuid,
        number -> Int4,
        status -> Text,
        title -> Text,
        effective_on -> Date,
        changes -> Jsonb,
        documents -> Jsonb,
        signatories -> Jsonb,
        voided_signatures -> Jsonb,
        signed_on -> Nullable<Date>,
        content_hash -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    amendment_partners (amendment_id, partner_id) {
        amendment_id -> Uuid,
        partner_id -> Uuid,
    }
}

diesel::table! {
    syncs (id) {
        id -> Uuid,
        version -> Int8,
        partner_id -> Uuid,
        status -> Text,
        threshold_percent -> Int4,
        withdrawn -> Int4,
        closed_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    sync_batches (id) {
        id -> Uuid,
        sync_id -> Uuid,
        received -> Int4,
        created -> Int4,
        updated -> Int4,
        unchanged -> Int4,
        rejected -> Int4,
        sent -> Array<Uuid>,
        created_at -> Timestamptz,
        unidentified -> Int4,
        verdict -> Nullable<Jsonb>,
    }
}

diesel::table! {
    contacts (id) {
        id -> Uuid,
        version -> Int8,
        territory -> Text,
        reach -> Array<Text>,
        role -> Text,
        name -> Nullable<Text>,
        email -> Nullable<Text>,
        phone -> Nullable<Text>,
        label -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    solicitations (id) {
        id -> Uuid,
        version -> Int8,
        uai -> Text,
        reach -> Array<Text>,
        intervention_id -> Nullable<Uuid>,
        representative_id -> Nullable<Uuid>,
        partner_id -> Uuid,
        convention_id -> Nullable<Uuid>,
        levels -> Array<Text>,
        pupils_expected -> Nullable<Int4>,
        wished_from -> Nullable<Date>,
        wished_to -> Nullable<Date>,
        message -> Nullable<Text>,
        status -> Text,
        scheduled_on -> Nullable<Date>,
        reason -> Nullable<Text>,
        outcome -> Nullable<Jsonb>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        takes_session -> Bool,
        held_school_year -> Nullable<Text>,
        proposed_on -> Nullable<Date>,
        proposed_by -> Nullable<Text>,
    }
}

diesel::table! {
    publications (id) {
        id -> Uuid,
        version -> Int8,
        school_year -> Text,
        number -> Int4,
        published_at -> Timestamptz,
        small_group -> Int4,
        tables -> Jsonb,
        note -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        status -> Text,
        revises -> Nullable<Uuid>,
        withdrawn_at -> Nullable<Timestamptz>,
        withdrawal_reason -> Nullable<Text>,
    }
}

diesel::table! {
    publication_cells (publication_id, place) {
        publication_id -> Uuid,
        place -> Int4,
        grouping -> Text,
        first_key -> Nullable<Text>,
        second_key -> Nullable<Text>,
        figures -> Jsonb,
        suppressed -> Array<Text>,
        expected -> Nullable<Int8>,
        validated -> Int8,
        carried -> Jsonb,
    }
}

diesel::table! {
    publication_secrets (publication_id) {
        publication_id -> Uuid,
        counts -> Jsonb,
        witnesses -> Jsonb,
    }
}

diesel::table! {
    campaigns (id) {
        id -> Uuid,
        version -> Int8,
        school_year -> Text,
        opens_on -> Date,
        due_on -> Date,
        closed_at -> Nullable<Timestamptz>,
        reopen_reason -> Nullable<Text>,
        status -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    expected_reports (school_year, object_id, territory) {
        school_year -> Text,
        convention_id -> Uuid,
        declination_id -> Nullable<Uuid>,
        object_id -> Uuid,
        territory -> Text,
        reach -> Array<Text>,
        academy -> Nullable<Text>,
        academic_region -> Nullable<Text>,
        first_day -> Date,
        last_day -> Date,
    }
}

diesel::table! {
    expected_counts (school_year, convention_id, academic_region, academy) {
        school_year -> Text,
        convention_id -> Uuid,
        academic_region -> Text,
        academy -> Text,
        expected -> Int8,
        validated -> Int8,
    }
}

diesel::table! {
    indicator_cells (school_year, dimension, place, value) {
        school_year -> Text,
        dimension -> Text,
        place -> Text,
        value -> Text,
        reports -> Int8,
        sums -> Array<Int8>,
        known -> Array<Int8>,
        changed_at -> Timestamptz,
    }
}

diesel::table! {
    imported_lists (request_id) {
        request_id -> Text,
        source -> Text,
        edition -> Nullable<Date>,
        imported_at -> Timestamptz,
    }
}

diesel::table! {
    partner_source_ids (source_id) {
        source_id -> Text,
        partner_id -> Uuid,
    }
}

diesel::table! {
    publication_digests (publication_id) {
        publication_id -> Uuid,
        cells -> Int8,
        digest -> Text,
    }
}

diesel::table! {
    webhooks (id) {
        id -> Uuid,
        version -> Int8,
        owner -> Text,
        client_id -> Nullable<Uuid>,
        acts_as -> Jsonb,
        url -> Text,
        types -> Array<Text>,
        territories -> Array<Text>,
        description -> Nullable<Text>,
        status -> Text,
        disabled_reason -> Nullable<Text>,
        position -> Int8,
        seq -> Int8,
        last_success_at -> Nullable<Timestamptz>,
        failing_since -> Nullable<Timestamptz>,
        failures -> Int4,
        due_at -> Timestamptz,
        lease -> Nullable<Uuid>,
        leased_until -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    webhook_secrets (id) {
        id -> Uuid,
        webhook_id -> Uuid,
        sealed -> Text,
        created_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    webhook_deliveries (id) {
        id -> Uuid,
        webhook_id -> Uuid,
        #[sql_name = "type"]
        type_ -> Text,
        position -> Nullable<Int8>,
        seq -> Nullable<Int8>,
        object_type -> Text,
        object_id -> Uuid,
        object_url -> Text,
        object_version -> Int8,
        occurred_at -> Timestamptz,
        outcome -> Text,
        attempts -> Int4,
        attempted_at -> Nullable<Timestamptz>,
        duration_ms -> Nullable<Int4>,
        status_code -> Nullable<Int4>,
        answer -> Nullable<Text>,
        error -> Nullable<Text>,
        due_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        traceparent -> Nullable<Text>,
    }
}

diesel::table! {
    pushes (id) {
        id -> Uuid,
        partner_id -> Uuid,
        sync_id -> Nullable<Uuid>,
        client_id -> Text,
        request_id -> Text,
        received -> Int4,
        created -> Int4,
        updated -> Int4,
        unchanged -> Int4,
        rejected -> Int4,
        rejected_items -> Jsonb,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    calendar_feeds (owner) {
        owner -> Text,
        client_id -> Nullable<Uuid>,
        acts_as -> Jsonb,
        digest -> Bytea,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    request_log (owner, id) {
        owner -> Text,
        id -> Uuid,
        at -> Timestamptz,
        request_id -> Text,
        method -> Text,
        operation -> Nullable<Text>,
        route -> Nullable<Text>,
        path -> Text,
        status -> Int2,
        code -> Nullable<Text>,
        duration_ms -> Int4,
        not_kept -> Int4,
    }
}

diesel::table! {
    signing_keys (kid) {
        kid -> Text,
        sealed -> Nullable<Text>,
        created_at -> Timestamptz,
        signs_from -> Nullable<Timestamptz>,
        verifies_until -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
    }
}

// A view: the reference territories and, as leaves, the establishments.
diesel::table! {
    territory_tree (code) {
        code -> Text,
        kind -> Text,
        name -> Text,
        parent -> Nullable<Text>,
        official_code -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        search -> Text,
    }
}

// A view: what each text of a convention is to what a partner offers under it.
diesel::table! {
    intervention_standing (convention_id, partner_id, from_day) {
        convention_id -> Uuid,
        partner_id -> Uuid,
        from_day -> Date,
        until_day -> Date,
        obstacles -> Array<Text>,
        in_force_from -> Nullable<Date>,
        in_force_until -> Nullable<Date>,
        action_types -> Array<Text>,
        levels -> Array<Text>,
        territory -> Nullable<Text>,
    }
}

// A view: full synchronisations with what their batches add up to.
diesel::table! {
    sync_runs (id) {
        id -> Uuid,
        version -> Int8,
        partner_id -> Uuid,
        status -> Text,
        threshold_percent -> Int4,
        received -> Int4,
        created -> Int4,
        updated -> Int4,
        unchanged -> Int4,
        rejected -> Int4,
        withdrawn -> Int4,
        closed_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        unidentified -> Int4,
    }
}

// A view: what campaigns expect, and where it stands.
diesel::table! {
    expected_report_states (school_year, object_id, territory) {
        school_year -> Text,
        convention_id -> Uuid,
        declination_id -> Nullable<Uuid>,
        object_id -> Uuid,
        territory -> Text,
        reach -> Array<Text>,
        academy -> Nullable<Text>,
        academic_region -> Nullable<Text>,
        first_day -> Date,
        last_day -> Date,
        report_id -> Nullable<Uuid>,
        report_updated_at -> Nullable<Timestamptz>,
        state -> Text,
    }
}

diesel::joinable!(representatives -> partners (partner_id));
diesel::joinable!(client_secrets -> clients (client_id));
diesel::joinable!(declinations -> conventions (convention_id));
diesel::joinable!(report_lines -> reports (report_id));
diesel::joinable!(reports -> conventions (convention_id));
diesel::joinable!(amendments -> conventions (convention_id));
diesel::joinable!(convention_partners -> partners (partner_id));
diesel::joinable!(publication_secrets -> publications (publication_id));
diesel::allow_tables_to_appear_in_same_query!(amendments, conventions);
diesel::allow_tables_to_appear_in_same_query!(clients, client_secrets);
diesel::allow_tables_to_appear_in_same_query!(convention_partners, partners);
diesel::allow_tables_to_appear_in_same_query!(convention_partners, convention_texts);
diesel::allow_tables_to_appear_in_same_query!(conventions, convention_partners);
diesel::allow_tables_to_appear_in_same_query!(conventions, convention_texts);
diesel::allow_tables_to_appear_in_same_query!(convention_texts, partners);
diesel::allow_tables_to_appear_in_same_query!(declinations, convention_partners);
diesel::allow_tables_to_appear_in_same_query!(reports, convention_partners);
diesel::allow_tables_to_appear_in_same_query!(reports, convention_texts);
diesel::allow_tables_to_appear_in_same_query!(conventions, declinations);
diesel::allow_tables_to_appear_in_same_query!(conventions, partners);
diesel::allow_tables_to_appear_in_same_query!(interventions, intervention_standing);
diesel::allow_tables_to_appear_in_same_query!(interventions, solicitations);
diesel::allow_tables_to_appear_in_same_query!(intervention_standing, solicitations);
diesel::allow_tables_to_appear_in_same_query!(interventions, partners);
diesel::allow_tables_to_appear_in_same_query!(intervention_standing, partners);
diesel::allow_tables_to_appear_in_same_query!(conventions, intervention_standing);
diesel::allow_tables_to_appear_in_same_query!(partners, representatives);
diesel::allow_tables_to_appear_in_same_query!(publications, publication_secrets);
diesel::allow_tables_to_appear_in_same_query!(reports, conventions);
diesel::allow_tables_to_appear_in_same_query!(reports, report_lines);
