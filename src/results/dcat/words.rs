//! The terms of DCAT-AP that the catalogue is written in, and the code lists of the Publications Office
//! that it names things by.

use serde_json::{Value, json};

use crate::http::formats::Form;
use crate::http::open::OPEN_LICENCE;

const AUTHORITY: &str = "http://publications.europa.eu/resource/authority";

/// The prefixes of the terms.
pub fn context() -> Value {
    json!({
        "dcat": "http://www.w3.org/ns/dcat#",
        "dct": "http://purl.org/dc/terms/",
        "foaf": "http://xmlns.com/foaf/0.1/",
        "owl": "http://www.w3.org/2002/07/owl#",
        "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
        "skos": "http://www.w3.org/2004/02/skos/core#",
        "vcard": "http://www.w3.org/2006/vcard/ns#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
    })
}

/// Something of this class that is named by its address.
pub fn named(id: impl Into<String>, class: &str) -> Value {
    json!({ "@id": id.into(), "@type": class })
}

/// The same in French and in English.
pub fn told(french: impl Into<String>, english: impl Into<String>) -> Value {
    json!([
        { "@language": "fr", "@value": french.into() },
        { "@language": "en", "@value": english.into() },
    ])
}

/// A value of this type of XML Schema.
pub fn typed(kind: &str, value: impl Into<String>) -> Value {
    json!({ "@type": format!("xsd:{kind}"), "@value": value.into() })
}

/// Who publishes: the ministry, as the licence names it.
pub fn publisher(public_url: &str) -> Value {
    json!({
        "@id": format!("{public_url}/public/catalog.jsonld#ministry"),
        "@type": "foaf:Agent",
        "foaf:name": told("Ministère de l'Éducation nationale", "French Ministry of National Education"),
    })
}

/// Where to ask.
pub fn contact(public_url: &str) -> Value {
    json!({
        "@type": ["vcard:Kind", "vcard:Organization"],
        "vcard:fn": "Registre national des relations école-entreprise",
        "vcard:hasURL": { "@id": format!("{public_url}/docs/") },
    })
}

/// The licence of all that is open.
pub fn licence() -> Value {
    named(OPEN_LICENCE.url, "dct:LicenseDocument")
}

/// The languages of what is told.
pub fn languages() -> Value {
    let language = |code: &str| {
        named(
            format!("{AUTHORITY}/language/{code}"),
            "dct:LinguisticSystem",
        )
    };
    json!([language("FRA"), language("ENG")])
}

/// France.
pub fn france() -> Value {
    named(format!("{AUTHORITY}/country/FRA"), "dct:Location")
}

/// Everyone may read it.
pub fn access_rights() -> Value {
    named(
        format!("{AUTHORITY}/access-right/PUBLIC"),
        "dct:RightsStatement",
    )
}

/// How often it changes: when there is something to change.
pub fn frequency() -> Value {
    named(format!("{AUTHORITY}/frequency/IRREG"), "dct:Frequency")
}

/// Education, culture and sport.
pub fn theme() -> Value {
    json!({
        "@id": format!("{AUTHORITY}/data-theme/EDUC"),
        "@type": "skos:Concept",
        "skos:prefLabel": told("Éducation, culture et sport", "Education, culture and sport"),
    })
}

/// The type of a file of this form.
pub fn format(form: Form) -> Value {
    let code = match form {
        Form::Csv => "CSV",
        Form::Xlsx => "XLSX",
        // Its file types know no NDJSON.
        _ => "JSON",
    };
    named(
        format!("{AUTHORITY}/file-type/{code}"),
        "dct:MediaTypeOrExtent",
    )
}

/// The media type of a file of this form.
pub fn media_type(form: Form) -> Value {
    let registered = "https://www.iana.org/assignments/media-types";
    // NDJSON is not registered.
    let name = match form {
        Form::Ndjson => Form::Json.media_type(),
        other => other.media_type(),
    };
    named(format!("{registered}/{name}"), "dct:MediaType")
}
