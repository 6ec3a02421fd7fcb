//! What a handler is called with: a request that passed the gate, its query and body read into
//! types. All the faults of both come back together.

use std::future::{Ready, ready};
use std::rc::Rc;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, Responder, web};
use futures_util::future::LocalBoxFuture;
use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::{IntoParams, ToSchema};

use super::answer::Answer;
use super::fields::{Body, Fields, Nothing};
use super::formats::{
    Batch, Column, Dialect, Form, Writer, Writing, columns_of, file_name, saved_as, stream, told_as,
};
use super::gate::Admitted;
use super::labels::Labels;
use super::labels::names::Wanted;
use super::labels::plan::{Plan, lists_of};
use super::members::Members;
use super::open::OpenListed;
use super::page::{Listed, Sort, bound_to, sort_described};
use super::query::{self, NoQuery, Query, Reader};
use super::table_schema;
use super::xlsx;
use crate::app::App;
use crate::auth::policy::{Class, Scope};
use crate::db::page::{BATCH, Mark, Page};
use crate::db::{Borrowed, Reading};
use crate::error::{Error, Faults, Result};
use crate::language::Language;
use crate::values::ids::Id;
use crate::values::today;

/// A request with its query `Q` and body `B`.
pub struct Call<Q = NoQuery, B = Nothing> {
    /// What the gate found.
    pub admitted: Rc<Admitted>,
    /// The query.
    pub query: Q,
    /// The body.
    pub body: B,
    /// The application.
    pub app: web::Data<App>,
    request: HttpRequest,
}

impl<Q, B> std::fmt::Debug for Call<Q, B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Call({})", self.request.path())
    }
}

impl<Q, B> Call<Q, B> {
    /// What the caller may see and change.
    ///
    /// # Errors
    /// None: who may do nothing was refused at the gate.
    pub fn scope(&self) -> Result<&Scope> {
        Ok(&self.admitted.scope)
    }

    /// A connection to read on: its class says which.
    ///
    /// # Errors
    /// `service_unavailable` when none is free or PostgreSQL is away.
    pub async fn reader(&self) -> Result<Reading> {
        let is_long = !matches!(self.admitted.class, Class::Point | Class::List);
        let (db, freshness) = (&self.app.db, &self.admitted.freshness);
        db.reading(is_long, freshness, self.app.now()).await
    }

    /// A connection of one's own, for a long read.
    ///
    /// # Errors
    /// As [`Call::reader`].
    pub async fn long_reader(&self) -> Result<Borrowed> {
        let (db, freshness) = (&self.app.db, &self.admitted.freshness);
        db.long_reading(freshness, self.app.now()).await
    }

    /// Rows with their labels, whose names are read as the caller may.
    async fn named<T: Serialize>(&self, labels: &Labels, rows: &[T]) -> Result<Vec<Value>> {
        let read = async |wanted: &Wanted| {
            let (scope, reader) = (self.scope()?, self.reader().await?);
            (self.app.api.names)(&reader, scope, wanted).await
        };
        labels.on(rows, read).await
    }

    /// An id of the path.
    pub fn id<T>(&self, name: &str) -> Id<T> {
        Id::of_path(&self.admitted.references.id(self.segment(name)))
    }

    /// A part of the path.
    pub fn segment(&self, name: &str) -> &str {
        self.request.match_info().get(name).unwrap_or_default()
    }

    /// The path.
    pub fn path(&self) -> &str {
        self.request.path()
    }

    /// What its answer is called as a file.
    pub fn file_name(&self) -> String {
        let template = self.request.match_pattern().unwrap_or_default();
        file_name(&template, today(self.app.now()), self.admitted.form)
    }

    /// The request, for what no other function gives.
    pub fn request(&self) -> &HttpRequest {
        &self.request
    }
}

fn admitted(request: &HttpRequest) -> Result<Rc<Admitted>> {
    request
        .extensions()
        .get::<Rc<Admitted>>()
        .cloned()
        .ok_or_else(|| Error::internal("a handler without a gate"))
}

fn app(request: &HttpRequest) -> Result<web::Data<App>> {
    request
        .app_data::<web::Data<App>>()
        .cloned()
        .ok_or_else(|| Error::internal("the application is not mounted"))
}

impl<Q: Query, B: Body> Call<Q, B> {
    fn read(request: &HttpRequest) -> Result<Self> {
        let admitted = admitted(request)?;
        let mut faults = Faults::default();
        let query = Q::read(&mut Reader::of::<Q>(&admitted.read, &mut faults));
        let empty = serde_json::Value::Object(serde_json::Map::new());
        let body = Fields::body::<B>(admitted.json.as_ref().unwrap_or(&empty), &mut faults);
        faults.check()?;
        let body =
            body.ok_or_else(|| Error::internal("a body without a fault and without a value"))?;
        Ok(Self {
            admitted,
            query,
            body,
            app: app(request)?,
            request: request.clone(),
        })
    }
}

impl<Q: Query + 'static, B: Body + 'static> FromRequest for Call<Q, B> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Self::read(request))
    }
}

/// A list of the API: its filters, its orders, and how one page of it is read.
pub trait List: 'static {
    /// The filters.
    type Filter: Query + 'static;
    /// The orders.
    type Sort: Sort;
    /// A row as it is answered.
    type Item: Serialize + ToSchema + 'static;

    /// The parameter its cursors come back in.
    const CURSOR: &'static str = "cursor";

    /// What the document says of that parameter.
    const CURSOR_WORDS: &'static str =
        "Le `next_cursor` de la page précédente, avec les mêmes filtres.";

    /// The member of an item that is answered whatever `fields` says, where there is one.
    const KEY: &'static str = "id";

    /// Rows a stream reads at a time.
    const BATCH: i64 = BATCH;

    /// The forms that it is answered in, as `format=` names them.
    const FORMATS: &'static str = "json, csv, ndjson, xlsx, table-schema";

    /// The columns of its CSV: those of a row, unless the request chooses some.
    fn columns(_call: &Call<Self::Filter>) -> Vec<Column> {
        columns_of::<Self::Item>()
    }

    /// Reads one page.
    fn page(
        call: Rc<Call<Self::Filter>>,
        page: Page<Self::Sort>,
    ) -> impl Future<Output = Result<Vec<Self::Item>>>;

    /// A row's place in an order.
    fn mark(item: &Self::Item, sort: Self::Sort) -> Mark;
}

/// Reads what a list is asked for.
fn read_list<L: List>(reader: &mut Reader<'_>, after: Option<Mark>) -> Asked<L> {
    let query = L::Filter::read(reader);
    reader.form(L::FORMATS);
    Asked {
        query,
        page: Page::read(reader, after),
        dialect: reader.dialect(),
        labels: reader.labels(),
        members: Members::new(reader.members(names_of::<L>), L::KEY),
    }
}

/// What a list is asked for.
struct Asked<L: List> {
    query: L::Filter,
    page: Page<L::Sort>,
    dialect: Dialect,
    /// The language of the labels, as it is named.
    labels: Option<&'static str>,
    members: Members,
}

/// The names of the members of a list's items.
fn names_of<L: List>() -> Vec<String> {
    let columns = columns_of::<L::Item>();
    columns
        .iter()
        .map(|column| column.name().to_owned())
        .collect()
}

/// What the document says of `labels`.
const LABELS_WORDS: &str = "À côté de chaque code, territoire, convention et partenaire, son nom en français ou en anglais : `kind_label`, `levels_labels`, `partner_name`, `convention_reference`, `convention_title`. Par défaut `fr` pour `excel-fr` et `xlsx`, `none` ailleurs.";

/// What the document says of `format`.
pub const FORMAT_WORDS: &str = "La forme de la réponse, qui l'emporte sur `Accept` : un fichier nommé, la liste entière sauf en `json`. `xlsx` est un classeur, aux codes gardés en texte ; `table-schema` décrit les colonnes du CSV (Table Schema).";

/// The parameters of a list, for the document.
impl<L: List> IntoParams for ListCall<L> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let readings = Reader::readings_of(|reader| read_list::<L>(reader, None));
        let mut parameters = query::documented::<L::Filter>(&readings);
        if let Some((first, _)) = L::Sort::ORDERS.first() {
            let (words, example) = (sort_described::<L::Sort>(), format!("-{first}"));
            parameters.push(readings.document("sort", &words, Some(&example)));
        }
        let page = [
            (
                "limit",
                "Nombre d'éléments par page, de 1 à 200.",
                Some("50"),
            ),
            (L::CURSOR, L::CURSOR_WORDS, None),
            ("format", FORMAT_WORDS, Some("json")),
            (
                "fields",
                "Champs des éléments à répondre, séparés par des virgules ; tous sans ce paramètre. L'identifiant y est toujours, les autres n'y sont pas.",
                None,
            ),
            (
                "dialect",
                "Écriture du CSV : `standard` (RFC 4180) ou `excel-fr` (point-virgule, BOM, virgule décimale).",
                Some("standard"),
            ),
            ("labels", LABELS_WORDS, Some("fr")),
        ];
        let document =
            |(name, words, example): (&str, _, _)| readings.document(name, words, example);
        parameters.extend(page.map(document));
        parameters
    }
}

/// The parts of a request for a list: the request, the page and the members it asks for.
pub type Parts<L> = (
    Rc<Call<<L as List>::Filter>>,
    Page<<L as List>::Sort>,
    Members,
);

/// A request for a page of a list.
pub struct ListCall<L: List> {
    call: Rc<Call<L::Filter>>,
    page: Page<L::Sort>,
    dialect: Dialect,
    labels: Option<Labels>,
    members: Members,
}

impl<L: List> ListCall<L> {
    fn read(request: &HttpRequest) -> Result<Self> {
        let admitted = admitted(request)?;
        let mut faults = Faults::default();
        let mut others = vec!["limit", "dialect", "fields", "format", "labels", L::CURSOR];
        if !L::Sort::ORDERS.is_empty() {
            others.push("sort");
        }
        let documented = L::Filter::PARAMETERS;
        let mut reader = Reader::new(&admitted.read, documented, &others, &mut faults);
        let Asked {
            query,
            page,
            dialect,
            labels,
            members,
        } = read_list::<L>(&mut reader, admitted.mark.clone());
        faults.check()?;
        let is_of_csv = matches!(admitted.form, Form::Csv | Form::TableSchema);
        let for_people = dialect == Dialect::ExcelFr && is_of_csv;
        let language = match labels {
            Some(tag) => Language::tagged(tag),
            None => (for_people || admitted.form == Form::Xlsx).then_some(Language::French),
        };
        let labels = language.map(|language| Labels {
            plan: Plan::of::<L::Item>(),
            language,
        });
        let call = Call {
            admitted,
            query,
            body: Nothing,
            app: app(request)?,
            request: request.clone(),
        };
        Ok(Self {
            call: Rc::new(call),
            page,
            dialect,
            labels,
            members,
        })
    }

    /// The request, the page and the members it asks for.
    pub fn into_parts(self) -> Parts<L> {
        (self.call, self.page, self.members)
    }

    /// The page it asks for.
    pub const fn page(&self) -> &Page<L::Sort> {
        &self.page
    }

    /// The request, without the page it asks for.
    pub fn call(&self) -> &Call<L::Filter> {
        &self.call
    }

    /// The same request of another list that is asked for alike.
    pub fn of<O: List<Filter = L::Filter, Sort = L::Sort>>(self) -> ListCall<O> {
        let (call, page, dialect, members) = (self.call, self.page, self.dialect, self.members);
        let labels = self.labels.map(|labels| Labels {
            plan: Plan::of::<O::Item>(),
            ..labels
        });
        ListCall {
            call,
            page,
            dialect,
            labels,
            members,
        }
    }

    /// Whether rows are told as they are: all their members, no labels.
    const fn is_plain(&self) -> bool {
        self.labels.is_none() && self.members.are_all()
    }

    fn told(&self) -> Told<L::Filter> {
        Told {
            call: Rc::clone(&self.call),
            members: self.members.clone(),
            labels: self.labels.clone(),
        }
    }

    /// Answers the page, or the complete list where CSV or NDJSON is asked for.
    ///
    /// # Errors
    /// What reading the page answers.
    pub async fn answer(self) -> Result<HttpResponse> {
        let read = async |call, page| Ok((L::page(call, page).await?, ()));
        self.answer_with(read, |listed, ()| listed).await
    }

    /// The same of a list that is open to everyone, with its licence.
    ///
    /// # Errors
    /// What reading the page answers.
    pub async fn answer_open(self) -> Result<HttpResponse> {
        let read = async |call, page| Ok((L::page(call, page).await?, ()));
        self.answer_with(read, |listed, ()| OpenListed::of(listed))
            .await
    }

    /// The same for a list whose answer has more than its rows: `read` gives both for a page,
    /// `write` puts them together.
    ///
    /// # Errors
    /// What reading the page answers.
    pub async fn answer_with<M, A: Serialize>(
        self,
        read: impl AsyncFnOnce(Rc<Call<L::Filter>>, Page<L::Sort>) -> Result<(Vec<L::Item>, M)>,
        write: impl FnOnce(Listed<L::Item>, M) -> A,
    ) -> Result<HttpResponse> {
        let form = self.call.admitted.form;
        if form != Form::Json {
            return self.stream(form).await;
        }
        let (rows, more) = read(Rc::clone(&self.call), one_more(&self.page)).await?;
        let (data, next) = cut::<L>(rows, &self.page);
        let list = bound_to(L::CURSOR, self.call.path(), &self.call.admitted.parameters);
        let cursors = &self.call.app.cursors;
        let next_cursor = next.map(|mark| cursors.write(&mark, &list)).transpose()?;
        let link = next_cursor.as_deref().map(|cursor| self.next_link(cursor));
        let whole = write(Listed { data, next_cursor }, more);
        let mut answer = if self.is_plain() {
            Answer::digested(&whole)?
        } else {
            Answer::digested(&self.told().page(&whole).await?)?
        };
        if let Some(link) = link {
            answer = answer.header(header::LINK, &link);
        }
        Ok(answer.respond_to(&self.call.request))
    }

    /// The next page's address (RFC 8288).
    fn next_link(&self, cursor: &str) -> String {
        let others = self
            .call
            .admitted
            .parameters
            .canonical_without(&["cursor", "after"]);
        let separator = if others.is_empty() { "" } else { "&" };
        format!(
            "<{}?{others}{separator}{}={cursor}>; rel=\"next\"",
            self.call.path(),
            L::CURSOR
        )
    }

    async fn stream(self, form: Form) -> Result<HttpResponse> {
        let (dialect, columns) = (self.dialect, self.columns());
        if form == Form::TableSchema {
            let schema = table_schema::of::<L::Item>(&columns, dialect, L::KEY);
            let answer = Answer::digested(&schema)?.of_type(form.media_type());
            return Ok(answer.respond_to(&self.call.request));
        }
        let name = self.call.file_name();
        let mut response = if self.is_plain() {
            written(form, dialect, columns, self.batches()).await?
        } else {
            let told = Rc::new(self.told());
            let next = self.batches();
            let next = move |mark| {
                let (told, batch) = (Rc::clone(&told), next(mark));
                async move {
                    let (rows, mark) = batch.await?;
                    Ok((told.rows(&rows).await?, mark))
                }
            };
            written(form, dialect, columns, next).await?
        };
        saved_as(&mut response, &name);
        Ok(response)
    }

    /// The columns of its CSV: of the members asked for, with labels beside them where some are asked for.
    fn columns(&self) -> Vec<Column> {
        let mut columns = told_as::<L::Item>(L::columns(&self.call));
        columns.retain(|column| self.members.has(column.top()));
        let Some(labels) = &self.labels else {
            return columns;
        };
        let lists = lists_of::<L::Item>();
        let is_list = |name: &str| lists.iter().any(|list| list == name);
        labels.plan.beside(columns, is_list)
    }

    /// Answers the complete list as this writer writes it, as a file.
    ///
    /// # Errors
    /// What reading the first rows answers.
    pub async fn written_by(self, writer: impl Writing<L::Item>) -> Result<HttpResponse> {
        let name = self.call.file_name();
        let mut response = stream(writer, self.batches()).await?;
        saved_as(&mut response, &name);
        Ok(response)
    }

    /// Reads the complete list, batch after batch.
    fn batches(self) -> impl Fn(Option<Mark>) -> LocalBoxFuture<'static, Result<Batch<L::Item>>> {
        let (call, page) = (self.call, self.page);
        move |mark| {
            let page = Page {
                after: mark.or_else(|| page.after.clone()),
                limit: L::BATCH,
                ..page.clone()
            };
            let call = Rc::clone(&call);
            Box::pin(async move {
                let rows = L::page(call, one_more(&page)).await?;
                Ok(cut::<L>(rows, &page))
            })
        }
    }
}

/// Writes the complete list in this form.
async fn written<T, F, R>(
    form: Form,
    dialect: Dialect,
    columns: Vec<Column>,
    next: F,
) -> Result<HttpResponse>
where
    T: Serialize + 'static,
    F: Fn(Option<Mark>) -> R + 'static,
    R: Future<Output = Result<Batch<T>>> + 'static,
{
    if form == Form::Xlsx {
        return xlsx::answer(columns, next).await;
    }
    let writer = Writer {
        form,
        dialect,
        columns,
    };
    stream(writer, next).await
}

/// How rows are told that are not told as they are.
struct Told<Q> {
    call: Rc<Call<Q>>,
    members: Members,
    labels: Option<Labels>,
}

impl<Q> Told<Q> {
    /// The members asked for, and beside them their labels.
    async fn rows(&self, rows: &[impl Serialize]) -> Result<Vec<Value>> {
        let rows = rows.iter().map(|row| self.members.of(row));
        let rows = rows.collect::<Result<Vec<Value>>>()?;
        match &self.labels {
            Some(labels) => self.call.named(labels, &rows).await,
            None => Ok(rows),
        }
    }

    /// A page with its rows so.
    async fn page(&self, page: &impl Serialize) -> Result<Value> {
        let mut page = serde_json::to_value(page).map_err(Error::internal)?;
        if let Some(Value::Array(rows)) = page.get_mut("data") {
            *rows = self.rows(rows).await?;
        }
        Ok(page)
    }
}

impl<L: List> FromRequest for ListCall<L> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Self::read(request))
    }
}

/// One row more than asked for, to know whether another page follows.
fn one_more<S: Clone>(page: &Page<S>) -> Page<S> {
    Page {
        limit: page.limit.saturating_add(1),
        ..page.clone()
    }
}

/// The rows of the page asked for, and where the next one starts.
fn cut<L: List>(mut rows: Vec<L::Item>, page: &Page<L::Sort>) -> (Vec<L::Item>, Option<Mark>) {
    let limit = usize::try_from(page.limit).unwrap_or_default();
    let more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| more);
    let next = last.map(|row| L::mark(row, page.sort));
    (rows, next)
}
