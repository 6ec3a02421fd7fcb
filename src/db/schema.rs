// @generated from the migrations; `tests/api/schema.rs` compares it with a migrated database.

diesel::table! {
    installation (only_row) {
        only_row -> Bool,
        cursor_key -> Bytea,
        feed_shift -> Int8,
        created_at -> Timestamptz,
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

diesel::joinable!(representatives -> partners (partner_id));
diesel::joinable!(client_secrets -> clients (client_id));
diesel::allow_tables_to_appear_in_same_query!(clients, client_secrets);
diesel::allow_tables_to_appear_in_same_query!(partners, representatives);
