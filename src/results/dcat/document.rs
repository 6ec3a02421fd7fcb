//! The catalogue as JSON-LD.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::words::{
    access_rights, contact, context, format, france, frequency, languages, licence, media_type,
    named, publisher, theme, told, typed,
};
use crate::http::formats::Form;
use crate::reference::Reference;
use crate::results::publications::model::{Publication, Status, Table};

/// What the catalogue is made of.
pub struct Catalogue<'a> {
    /// Where every address begins.
    pub public_url: &'a str,
    /// The publications that stand or stood, the last one first.
    pub publications: &'a [Publication],
    /// When a convention of the directory last changed.
    pub conventions_changed_at: Option<DateTime<Utc>>,
}

/// A dataset that has no address of its own yet.
struct Dataset {
    /// What it is called, after the catalogue's address.
    name: String,
    title: Value,
    description: Value,
    keywords: &'static [&'static str],
    changed_at: Option<DateTime<Utc>>,
    distributions: Vec<Value>,
    more: Map<String, Value>,
}

impl Catalogue<'_> {
    /// The whole document.
    pub fn document(&self) -> Value {
        let datasets = [self.conventions(), self.list_of_publications()];
        let each = self.publications.iter().map(|one| self.publication(one));
        let datasets = datasets.into_iter().chain(each);
        let datasets: Vec<Value> = datasets.map(|one| self.dataset(one)).collect();
        let changes = self.publications.iter().map(|one| one.updated_at);
        let changed_at = changes.chain(self.conventions_changed_at).max();
        let mut catalogue = json!({
            "@context": context(),
            "@id": self.address("/public/catalog.jsonld"),
            "@type": "dcat:Catalog",
            "dct:title": told("Registre national des relations école-entreprise", "National register of school–business partnerships"),
            "dct:description": told(
                "Les conventions nationales entre le ministère de l'Éducation nationale et ses partenaires, et les chiffres publiés de ce qui se fait dans les établissements.",
                "The national conventions between the French Ministry of National Education and its partners, and the published figures of what is done in schools."
            ),
            "dct:publisher": publisher(self.public_url),
            "dct:license": licence(),
            "dct:language": languages(),
            "dct:spatial": france(),
            "foaf:homepage": named(self.address("/"), "foaf:Document"),
            "dcat:dataset": datasets,
            "dcat:service": self.service(),
        });
        insert(
            &mut catalogue,
            changed_at.map(|at| ("dct:modified", moment(at))),
        );
        catalogue
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.public_url)
    }

    fn dataset(&self, dataset: Dataset) -> Value {
        let mut told = json!({
            "@id": self.address(&format!("/public/catalog.jsonld#{}", dataset.name)),
            "@type": "dcat:Dataset",
            "dct:identifier": dataset.name,
            "dct:title": dataset.title,
            "dct:description": dataset.description,
            "dcat:keyword": dataset.keywords.iter().map(|word| json!({ "@language": "fr", "@value": word })).collect::<Vec<_>>(),
            "dcat:theme": theme(),
            "dct:publisher": publisher(self.public_url),
            "dcat:contactPoint": contact(self.public_url),
            "dct:license": licence(),
            "dct:language": languages(),
            "dct:spatial": france(),
            "dct:accessRights": access_rights(),
            "dct:accrualPeriodicity": frequency(),
            "dcat:distribution": dataset.distributions,
        });
        let changed_at = dataset.changed_at.map(|at| ("dct:modified", moment(at)));
        insert(&mut told, changed_at);
        insert(&mut told, dataset.more);
        told
    }

    /// The API that all of it can be asked of.
    fn service(&self) -> Value {
        json!({
            "@id": self.address("/public/catalog.jsonld#api"),
            "@type": "dcat:DataService",
            "dct:title": told("API du registre", "The register's API"),
            "dcat:endpointURL": named(self.address("/public"), "rdfs:Resource"),
            "dcat:endpointDescription": named(self.address("/openapi.json"), "rdfs:Resource"),
            "dct:license": licence(),
        })
    }

    fn conventions(&self) -> Dataset {
        Dataset {
            name: "conventions".to_owned(),
            title: told(
                "Conventions nationales école-entreprise",
                "National school–business conventions",
            ),
            description: told(
                "Toutes les conventions nationales un jour signées : parties, objet, axes, durée, et ce que chacune est aujourd'hui.",
                "Every national convention ever signed: parties, purpose, axes, term, and what each is today.",
            ),
            keywords: &[
                "convention",
                "partenariat",
                "école-entreprise",
                "orientation",
            ],
            changed_at: self.conventions_changed_at,
            distributions: self.forms(
                "/public/conventions",
                &told("Répertoire des conventions", "Directory of conventions"),
            ),
            more: Map::new(),
        }
    }

    fn list_of_publications(&self) -> Dataset {
        Dataset {
            name: "publications".to_owned(),
            title: told(
                "Publications des chiffres annuels",
                "Publications of the yearly figures",
            ),
            description: told(
                "La liste des publications : l'année scolaire de chacune, sa date, ses tableaux et ce qu'elle corrige.",
                "The list of publications: the school year of each, its date, its tables and what it corrects.",
            ),
            keywords: &["statistiques", "publication", "école-entreprise"],
            changed_at: self.publications.iter().map(|one| one.updated_at).max(),
            distributions: self.forms(
                "/public/publications",
                &told("Liste des publications", "List of publications"),
            ),
            more: Map::new(),
        }
    }

    fn publication(&self, publication: &Publication) -> Dataset {
        let (year, number) = (&publication.school_year, publication.number);
        let status = match publication.status {
            Status::Provisional => ("provisoires", "provisional"),
            Status::Final => ("définitifs", "final"),
        };
        let tables = publication.tables.0.iter();
        let tables = tables.map(|table| self.table(publication, table));
        let mut more = Map::new();
        more.insert("dct:issued".to_owned(), moment(publication.published_at));
        more.insert("owl:versionInfo".to_owned(), number.to_string().into());
        let period = json!({
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": typed("date", year.first_day().to_string()),
            "dcat:endDate": typed("date", year.last_day().to_string()),
        });
        more.insert("dct:temporal".to_owned(), period);
        let earlier = self
            .publications
            .iter()
            .find(|one| Some(one.id) == publication.revises);
        if let Some(earlier) = earlier {
            let id = self.address(&format!(
                "/public/catalog.jsonld#publication-{}",
                earlier.number
            ));
            more.insert("dct:replaces".to_owned(), named(id, "dcat:Dataset"));
        }
        Dataset {
            name: format!("publication-{number}"),
            title: told(
                format!(
                    "Chiffres {year} des relations école-entreprise, {} (publication n° {number})",
                    status.0
                ),
                format!(
                    "Figures of school–business relations, {year}, {} (publication no. {number})",
                    status.1
                ),
            ),
            description: told(
                "Actions, élèves, filles, éducation prioritaire, stages et bilans, par territoire, convention, type d'action, niveau et moment. Les petits effectifs sont masqués ; un chiffre peut être celui d'une publication antérieure (colonne « carried »).",
                "Actions, pupils, girls, priority education, internships and reports, by territory, convention, type of action, level and moment. Small counts are hidden; a figure may be that of an earlier publication (column “carried”).",
            ),
            keywords: &[
                "statistiques",
                "élèves",
                "école-entreprise",
                "orientation",
                "stages",
            ],
            changed_at: Some(publication.updated_at),
            distributions: tables.collect(),
            more,
        }
    }

    /// A table of a publication, as CSV: what opens everywhere. Its address answers the other forms too.
    fn table(&self, publication: &Publication, table: &Table) -> Value {
        let by = table.dimensions.iter().map(|code| dimension(code));
        let (french, english): (Vec<&str>, Vec<&str>) = by.unzip();
        let title = told(
            format!("Par {}", french.join(", ").to_lowercase()),
            format!("By {}", english.join(", ").to_lowercase()),
        );
        let path = format!(
            "/public/indicators/values?publication={}&group_by={}&measures={}",
            publication.number,
            table.dimensions.join(","),
            table.measures.join(","),
        );
        self.distribution(&path, '&', Form::Csv, &title)
    }

    /// The forms of a list.
    fn forms(&self, path: &str, title: &Value) -> Vec<Value> {
        let forms = [Form::Csv, Form::Json, Form::Ndjson, Form::Xlsx].into_iter();
        forms
            .map(|form| self.distribution(path, '?', form, title))
            .collect()
    }

    fn distribution(&self, path: &str, separator: char, form: Form, title: &Value) -> Value {
        let of = |form: Form| self.address(&format!("{path}{separator}format={}", form.name()));
        let address = of(form);
        let mut told = json!({
            "@id": address,
            "@type": "dcat:Distribution",
            "dct:title": title,
            "dcat:accessURL": named(address.clone(), "rdfs:Resource"),
            "dcat:downloadURL": named(address, "rdfs:Resource"),
            "dct:format": format(form),
            "dcat:mediaType": media_type(form),
            "dct:license": licence(),
        });
        let schema = (form == Form::Csv).then(|| {
            (
                "dct:conformsTo",
                named(of(Form::TableSchema), "dct:Standard"),
            )
        });
        insert(&mut told, schema);
        told
    }
}

/// A moment as XML Schema writes it.
fn moment(at: DateTime<Utc>) -> Value {
    typed("dateTime", at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

fn insert<K: Into<String>>(object: &mut Value, members: impl IntoIterator<Item = (K, Value)>) {
    if let Some(object) = object.as_object_mut() {
        object.extend(
            members
                .into_iter()
                .map(|(name, value)| (name.into(), value)),
        );
    }
}

/// What a dimension is called, in French and in English.
fn dimension(code: &str) -> (&str, &str) {
    let list = Reference::get().nomenclature("dimensions");
    let mut entries = list.iter().flat_map(|list| &list.entries);
    let found = entries.find(|entry| entry.code == code);
    found.map_or((code, code), |entry| (&entry.label_fr, &entry.label_en))
}
