//! The code table: every problem the service can answer, on one line each.

use actix_web::http::StatusCode;

use crate::language::{Language, Text};

/// One row of the table.
#[derive(Debug)]
pub struct Entry {
    /// The stable name, last part of the problem's `type`.
    pub code: &'static str,
    /// The status of its answer.
    pub status: u16,
    /// A short title, the same for every occurrence.
    pub title: Text,
    /// What it means.
    pub meaning: Text,
    /// What the caller can do about it.
    pub fix: Text,
}

const fn text(fr: &'static str, en: &'static str) -> Text {
    Text { fr, en }
}

macro_rules! codes {
    ($($variant:ident = $status:literal $code:literal, $title:expr, $meaning:expr, $fix:expr;)+) => {
        /// A code of the table; its name never changes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $code] $variant),+ }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &[Code] = &[$(Code::$variant),+];

            /// The code's row.
            pub const fn entry(self) -> Entry {
                match self {
                    $(Code::$variant => Entry {
                        code: $code, status: $status, title: $title, meaning: $meaning, fix: $fix,
                    }),+
                }
            }
        }
    };
}

// A macro only so that a code, its status and its words stand on one row and none can be forgotten.
codes! {
    MalformedRequest = 400 "malformed_request",
        text("La requête est mal formée", "The request is malformed"),
        text("Un en-tête ou l'adresse ne suit pas la syntaxe attendue.", "A header or the address does not follow the expected syntax."),
        text("Corrigez la partie nommée dans le détail.", "Correct the part named in the detail.");
    MalformedJson = 400 "malformed_json",
        text("Le corps n'est pas du JSON valide", "The body is not valid JSON"),
        text("Le corps n'est pas du JSON en UTF-8, contient une clé en double, un demi-codet isolé ou plus de 32 niveaux.", "The body is not UTF-8 JSON, has a duplicate key, a lone surrogate or more than 32 levels."),
        text("Corrigez le corps à l'endroit indiqué.", "Correct the body at the place given.");
    MalformedCsv = 400 "malformed_csv",
        text("Le corps n'est pas du CSV lisible", "The body is not readable CSV"),
        text("Le corps n'est pas en UTF-8, son en-tête est vide ou nomme deux fois une colonne, ou un guillemet ouvert ne se ferme jamais.", "The body is not UTF-8, its header is empty or names a column twice, or a quote is opened and never closed."),
        text("Enregistrez le fichier en UTF-8, avec une première ligne qui nomme chaque colonne une fois ; doublez tout guillemet qui fait partie d'un texte.", "Save the file as UTF-8, with a first line that names each column once; double each quote that is part of a text.");
    MalformedWorkbook = 400 "malformed_workbook",
        text("Le corps n'est pas un classeur lisible", "The body is not a readable workbook"),
        text("Le corps n'est pas un classeur xlsx (Office Open XML) sans mot de passe.", "The body is not an xlsx workbook (Office Open XML) without a password."),
        text("Enregistrez le fichier en « Classeur Excel (.xlsx) », ou en CSV.", "Save the file as \"Excel workbook (.xlsx)\", or as CSV.");
    InvalidCursor = 400 "invalid_cursor",
        text("Le curseur n'est pas valable", "The cursor is not valid"),
        text("Le curseur a été modifié, ou vient d'une autre liste ou d'autres filtres.", "The cursor was altered, or comes from another list or other filters."),
        text("Reprenez la liste sans `cursor`, avec les mêmes filtres ensuite.", "Start the list again without `cursor`, then keep the same filters.");
    Unauthorized = 401 "unauthorized",
        text("Authentification requise", "Authentication required"),
        text("La requête ne porte pas de jeton.", "The request carries no token."),
        text("Envoyez `Authorization: Bearer <jeton>` ; un jeton s'obtient à `/oauth2/token`.", "Send `Authorization: Bearer <token>`; a token is obtained at `/oauth2/token`.");
    InvalidToken = 401 "invalid_token",
        text("Le jeton n'est pas accepté", "The token is not accepted"),
        text("Le jeton est expiré, révoqué, ou n'a pas été émis pour ce service.", "The token has expired, was revoked, or was not issued for this service."),
        text("Demandez un nouveau jeton.", "Ask for a new token.");
    Forbidden = 403 "forbidden",
        text("Action non permise", "Action not allowed"),
        text("Votre rôle ou votre périmètre ne permet pas cette action.", "Your role or perimeter does not allow this action."),
        text("Adressez-vous à qui en a la charge ; la table des droits est dans la documentation.", "Ask those in charge; the access table is in the documentation.");
    OwnReport = 403 "own_report",
        text("Votre propre bilan", "Your own report"),
        text("Qui a créé, modifié ou transmis une version d'un bilan ne la valide pas.", "Whoever created, edited or submitted a version of a report does not validate it."),
        text("Demandez à une autre personne de l'échelon supérieur.", "Ask another person of the level above.");
    InsufficientScope = 403 "insufficient_scope",
        text("Portée du jeton insuffisante", "Token scope insufficient"),
        text("Le jeton n'a pas la portée (`read` ou `write`) que l'action demande.", "The token lacks the scope (`read` or `write`) the action needs."),
        text("Demandez un jeton avec cette portée.", "Ask for a token with that scope.");
    NotFound = 404 "not_found",
        text("Introuvable", "Not found"),
        text("Rien ne répond à cette adresse, ou rien que vous puissiez voir.", "Nothing answers at this address, or nothing you may see."),
        text("Vérifiez l'adresse et l'identifiant.", "Check the address and the id.");
    MethodNotAllowed = 405 "method_not_allowed",
        text("Méthode non permise", "Method not allowed"),
        text("Cette adresse existe mais n'accepte pas cette méthode.", "This address exists but does not accept this method."),
        text("Utilisez une des méthodes de l'en-tête `Allow`.", "Use one of the methods in the `Allow` header.");
    NotAcceptable = 406 "not_acceptable",
        text("Aucune forme acceptable", "Nothing acceptable"),
        text("Aucune des formes de l'en-tête `Accept` n'est disponible ici.", "None of the forms in the `Accept` header is available here."),
        text("Demandez une des formes nommées dans le détail.", "Ask for one of the forms named in the detail.");
    RequestTimeout = 408 "request_timeout",
        text("La requête a mis trop de temps à arriver", "The request took too long to arrive"),
        text("Le corps n'est pas arrivé en entier dans le délai.", "The body did not arrive whole in time."),
        text("Recommencez, au besoin avec moins de données.", "Try again, with less data if need be.");
    DuplicateSiren = 409 "duplicate_siren",
        text("SIREN déjà enregistré", "SIREN already registered"),
        text("Un autre partenaire porte ce numéro SIREN.", "Another partner has this SIREN number."),
        text("Cherchez ce partenaire avec `?siren=` et modifiez-le.", "Find that partner with `?siren=` and change it.");
    DuplicateRna = 409 "duplicate_rna",
        text("Numéro RNA déjà enregistré", "RNA number already registered"),
        text("Un autre partenaire porte ce numéro RNA.", "Another partner has this RNA number."),
        text("Cherchez ce partenaire avec `?q=` et modifiez-le.", "Find that partner with `?q=` and change it.");
    InUse = 409 "in_use",
        text("Objet encore référencé", "Object still referenced"),
        text("D'autres objets se rapportent à celui-ci : il ne peut pas être supprimé.", "Other objects refer to this one: it cannot be deleted."),
        text("Archivez-le, ou retirez d'abord ce qui s'y rapporte.", "Archive it, or first remove what refers to it.");
    InvalidTransition = 409 "invalid_transition",
        text("Étape impossible", "Impossible step"),
        text("Le statut actuel de l'objet ne permet pas cette étape.", "The object's present status does not allow this step."),
        text("Lisez `allowed_actions` pour les étapes possibles.", "Read `allowed_actions` for the possible steps.");
    AlreadySigned = 409 "already_signed",
        text("Signature déjà enregistrée", "Signature already recorded"),
        text("Ce signataire a déjà signé ce texte.", "This signatory has signed this text already."),
        text("Relisez la convention : `signatories` porte les signatures.", "Read the convention again: `signatories` carries the signatures.");
    NotYourTurn = 409 "not_your_turn",
        text("Un autre signataire signe avant", "Another signatory signs before"),
        text("L'ordre de signature place un autre signataire avant celui-ci.", "The order of signature puts another signatory before this one."),
        text("Attendez sa signature, ou changez `order` en négociation.", "Wait for that signature, or change `order` in negotiation.");
    ConventionIncomplete = 409 "convention_incomplete",
        text("Convention incomplète", "Convention incomplete"),
        text("Il manque à la convention ce qu'il faut pour la signer.", "The convention lacks what it needs to be signed."),
        text("Complétez les champs nommés, puis recommencez.", "Complete the fields named, then try again.");
    SignedContent = 409 "signed_content",
        text("Contenu signé", "Signed content"),
        text("Le contenu d'une convention signée ne change que par avenant.", "The content of a signed convention only changes by an amendment."),
        text("Changez les champs nommés par un avenant ; ceux qui ne sont pas contractuels restent modifiables.", "Change the fields named by an amendment; those that are not contractual can still be changed.");
    AlreadyRenewed = 409 "already_renewed",
        text("Renouvellement déjà engagé", "Renewal already under way"),
        text("La convention qui succède à celle-ci est déjà en préparation.", "The successor of this convention is being prepared already."),
        text("Reprenez ce projet ; supprimez-le ou abandonnez-le pour en engager un autre.", "Take up that draft; delete or abandon it to begin another one.");
    AmendmentConflict = 409 "amendment_conflict",
        text("Avenant impossible en l'état", "Amendment impossible as things stand"),
        text("L'avenant contredit un avenant signé, ou retire ce sur quoi des déclinaisons actives reposent.", "The amendment contradicts a signed one, or takes away what active declinations rely on."),
        text("Chaque obstacle est dans `errors` : changez l'avenant, ou fermez les déclinaisons nommées.", "Each obstacle is in `errors`: change the amendment, or close the declinations named.");
    ConventionNotSigned = 409 "convention_not_signed",
        text("Convention non signée", "Convention not signed"),
        text("La convention n'est pas signée, ou ne l'a jamais été.", "The convention is not signed, or never was."),
        text("Attendez sa signature.", "Wait until it is signed.");
    ConventionNotInForce = 409 "convention_not_in_force",
        text("Convention échue", "Convention ended"),
        text("La convention n'est plus en vigueur.", "The convention is no longer in force."),
        text("Choisissez une convention en vigueur.", "Choose a convention in force.");
    TerritoryAlreadyDeclined = 409 "territory_already_declined",
        text("Territoire déjà couvert", "Territory already covered"),
        text("Une déclinaison active de la même convention, au même niveau, couvre déjà ce territoire.", "An active declination of the same convention, at the same level, covers this territory already."),
        text("Fermez-la d'abord, ou retirez ce territoire.", "Close it first, or remove this territory.");
    ActiveContent = 409 "active_content",
        text("Contenu convenu", "Agreed content"),
        text("Ce qui est convenu dans une déclinaison active ne change plus.", "What is agreed in an active declination no longer changes."),
        text("Retirez les champs nommés, ou fermez cette déclinaison et activez-en une autre.", "Remove the fields named, or close this declination and activate another one.");
    ParentNotActive = 409 "parent_not_active",
        text("Déclinaison parente non active", "Parent declination not active"),
        text("La déclinaison parente n'est pas active.", "The parent declination is not active."),
        text("Activez d'abord la déclinaison parente, ou retirez `parent_id`.", "Activate the parent declination first, or remove `parent_id`.");
    DeclinationOutdated = 409 "declination_outdated",
        text("Déclinaison dépassée", "Declination outdated"),
        text("La convention ou la déclinaison parente a changé : la déclinaison n'y entre plus.", "The convention or the parent declination has changed: the declination no longer fits in it."),
        text("Corrigez les champs nommés, puis recommencez.", "Correct the fields named, then try again.");
    NotOffered = 409 "not_offered",
        text("Pas proposé à cet établissement", "Not offered to this school"),
        text("L'intervention n'est pas publiée aujourd'hui, ou ce qui est demandé n'est pas proposé à cet établissement ou à ces niveaux.", "The intervention is not published today, or what is asked for is not offered to this school or these levels."),
        text("Chaque raison est dans `errors` : choisissez une intervention publiée ou un représentant qui couvre l'établissement.", "Each reason is in `errors`: choose a published intervention, or a representative who covers the school.");
    ConventionAmbiguous = 409 "convention_ambiguous",
        text("Convention à choisir", "Convention to choose"),
        text("Plusieurs conventions du partenaire sont en vigueur là : la demande ne dit pas de laquelle elle relève.", "Several conventions of the partner are in force there: the request does not say which one it comes under."),
        text("Choisissez parmi celles de `errors` et donnez `convention_id`.", "Choose among those of `errors` and give `convention_id`.");
    NoSessionLeft = 409 "no_session_left",
        text("Plus de séance libre", "No session left"),
        text("Toutes les séances de l'intervention sont prises.", "All the sessions of the intervention are taken."),
        text("Augmentez `sessions`, refusez la demande, ou attendez une annulation.", "Raise `sessions`, decline the request, or wait for a cancellation.");
    TooEarly = 409 "too_early",
        text("Le jour prévu n'est pas venu", "The day planned has not come"),
        text("On dit ce qui a eu lieu, ou non, à partir du jour prévu.", "What took place, or did not, is said from the day planned on."),
        text("Attendez ce jour, ou annulez la demande.", "Wait for that day, or cancel the request.");
    SyncAlreadyOpen = 409 "sync_already_open",
        text("Synchronisation déjà ouverte", "Synchronisation already open"),
        text("Le partenaire a déjà une synchronisation ouverte : il n'y en a qu'une à la fois.", "The partner has an open synchronisation already: there is one at a time."),
        text("Trouvez-la avec `?status=open` ; terminez-la par `commit` ou `abandon`.", "Find it with `?status=open`; end it with `commit` or `abandon`.");
    SyncNotOpen = 409 "sync_not_open",
        text("Synchronisation close", "Synchronisation closed"),
        text("La synchronisation nommée est terminée ou abandonnée : plus rien ne s'y ajoute.", "The synchronisation named is committed or abandoned: nothing is added to it any more."),
        text("Ouvrez-en une autre.", "Open another one.");
    UnidentifiedItems = 409 "unidentified_items",
        text("Éléments reçus sans identifiant lisible", "Items received without a readable id"),
        text("La synchronisation a reçu des interventions dont l'identifiant ne se lit pas : chacune peut être n'importe laquelle de l'offre, et serait retirée à tort.", "The synchronisation received interventions whose id cannot be told: each may be any of the offer, and would be withdrawn by mistake."),
        text("Lisez les verdicts de ses lots, sous l'adresse donnée, et renvoyez ces interventions corrigées ; `commit?dry_run=true` montre ce qui serait retiré. S'il le faut ainsi, recommencez avec `confirm=true`.", "Read the verdicts of its batches, under the address given, and send these interventions again, corrected; `commit?dry_run=true` shows what would be withdrawn. If it is meant so, try again with `confirm=true`.");
    TooManyWithdrawals = 409 "too_many_withdrawals",
        text("Trop de retraits", "Too many withdrawals"),
        text("Terminer la synchronisation retirerait plus d'interventions que son seuil ne le permet.", "Committing the synchronisation would withdraw more interventions than its threshold allows."),
        text("Vérifiez que tout a été envoyé : `commit?dry_run=true` montre ce qui serait retiré. Si ces retraits sont voulus, recommencez avec `confirm=true`.", "Check that everything was sent: `commit?dry_run=true` shows what would be withdrawn. If these withdrawals are meant, try again with `confirm=true`.");
    DuplicateReport = 409 "duplicate_report",
        text("Bilan déjà ouvert", "Report already open"),
        text("Un bilan de la même convention, de la même déclinaison, du même territoire et de la même année est en cours.", "A report on the same convention, declination, territory and year is under way."),
        text("Reprenez ce bilan ; une correction s'ouvre une fois la version précédente validée.", "Take up that report; a correction opens once the version before is validated.");
    DuplicateCampaign = 409 "duplicate_campaign",
        text("Campagne déjà ouverte", "Campaign already there"),
        text("Cette année scolaire a déjà sa campagne.", "This school year has its campaign already."),
        text("Cherchez-la avec `?school_year=` ; modifiez-la ou rouvrez-la.", "Find it with `?school_year=`; change it or reopen it.");
    CampaignClosed = 409 "campaign_closed",
        text("Campagne close", "Campaign closed"),
        text("La campagne de cette année scolaire est close : ses bilans ne s'écrivent plus, corrections comprises.", "The campaign of this school year is closed: its reports are not written any more, corrections included."),
        text("Demandez au ministère de rouvrir la campagne.", "Ask the ministry to reopen the campaign.");
    ReportIncomplete = 409 "report_incomplete",
        text("Bilan incomplet", "Report incomplete"),
        text("Il manque au bilan ce qu'il faut pour le transmettre.", "The report lacks what it needs to be submitted."),
        text("Complétez les champs nommés, puis recommencez.", "Complete the fields named, then try again.");
    ConfirmationRequired = 409 "confirmation_required",
        text("À confirmer", "To be confirmed"),
        text("Quelque chose d'inhabituel doit être confirmé. Chaque endroit est dans `errors`.", "Something unusual must be confirmed. Each place is in `errors`."),
        text("Vérifiez chaque endroit ; si tout est voulu, recommencez avec `confirm=` et les codes des erreurs, séparés par des virgules.", "Check each place; if all is meant, try again with `confirm=` and the codes of the errors, separated by commas.");
    NothingToPublish = 409 "nothing_to_publish",
        text("Rien à publier", "Nothing to publish"),
        text("Cette année scolaire n'a aucun bilan validé.", "This school year has no validated report."),
        text("Attendez qu'un bilan soit validé ; `?dry_run=true` montre sans rien écrire ce qui serait publié.", "Wait until a report is validated; `?dry_run=true` shows without writing what would be published.");
    NothingHeld = 409 "nothing_held",
        text("Rien à préremplir", "Nothing to prefill"),
        text("Aucune demande n'a eu lieu pour cette convention, ce territoire et cette année, ou d'autres bilans les portent déjà toutes.", "No request was held for this convention, territory and year, or other reports state them all already."),
        text("Créez le bilan par `POST /v1/reports`, ou dites d'abord quelles demandes ont eu lieu (`hold`).", "Create the report by `POST /v1/reports`, or first say which requests were held (`hold`).");
    TooManySecrets = 409 "too_many_secrets",
        text("Deux secrets déjà en service", "Two secrets already live"),
        text("Un client a deux secrets au plus en même temps.", "A client has two secrets at most at one time."),
        text("Attendez la fin du plus ancien, ou remplacez-le aussitôt avec `revoke_previous`.", "Wait for the end of the older one, or replace it at once with `revoke_previous`.");
    TooManyWebhooks = 409 "too_many_webhooks",
        text("Trop de webhooks", "Too many webhooks"),
        text("Un client a vingt webhooks au plus.", "A client has twenty webhooks at most."),
        text("Supprimez-en un, ou élargissez les types d'un de ceux qui existent.", "Delete one, or widen the types of one that there is.");
    IdempotencyInProgress = 409 "idempotency_in_progress",
        text("Requête déjà en cours", "Request already running"),
        text("Une requête avec la même clé d'idempotence est en cours.", "A request with the same idempotency key is running."),
        text("Recommencez après `Retry-After`.", "Try again after `Retry-After`.");
    IdempotencyAnswerErased = 409 "idempotency_answer_erased",
        text("Réponse effacée", "Answer erased"),
        text("La première réponse à cette clé contenait une personne effacée depuis.", "The first answer to this key contained a person erased since."),
        text("Rien n'a été refait. Prenez une nouvelle clé pour une nouvelle création.", "Nothing was done again. Take a new key for a new creation.");
    Conflict = 409 "conflict",
        text("Conflit avec l'état enregistré", "Conflict with the stored state"),
        text("Une autre écriture a eu lieu en même temps.", "Another write took place at the same time."),
        text("Relisez l'objet et recommencez.", "Read the object again and retry.");
    ResyncRequired = 410 "resync_required",
        text("Reprise nécessaire", "Resynchronisation required"),
        text("Le flux ne peut pas reprendre à ce curseur sans rien taire : `reason` dit pourquoi.", "The feed cannot go on from this cursor and tell everything: `reason` says why."),
        text("Relisez ce que nomment `types` et `territories` (`/v1/changes/snapshot`), puis reprenez le flux au `cursor` donné.", "Read again what `types` and `territories` name (`/v1/changes/snapshot`), then continue the feed from the `cursor` given.");
    PreconditionFailed = 412 "precondition_failed",
        text("La précondition n'est pas remplie", "The precondition does not hold"),
        text("L'objet a changé : la version donnée dans `If-Match` n'est plus la bonne, ou `If-None-Match: *` trouve un objet.", "The object has changed: the version in `If-Match` is no longer current, or `If-None-Match: *` finds an object."),
        text("Relisez l'objet, reprenez son `ETag` et recommencez.", "Read the object again, take its `ETag` and retry.");
    PayloadTooLarge = 413 "payload_too_large",
        text("Corps trop volumineux", "Body too large"),
        text("Le corps dépasse 5 Mio, une fois décompressé s'il l'était.", "The body is over 5 MiB, unpacked if it was compressed."),
        text("Envoyez en plusieurs requêtes.", "Send several requests.");
    UriTooLong = 414 "uri_too_long",
        text("Adresse trop longue", "Address too long"),
        text("L'adresse dépasse 8 Kio.", "The address is over 8 KiB."),
        text("Réduisez les filtres.", "Use fewer filters.");
    UnsupportedMediaType = 415 "unsupported_media_type",
        text("Type de contenu non pris en charge", "Unsupported media type"),
        text("Le corps n'est pas d'un type accepté ici.", "The body is not of a type accepted here."),
        text("Envoyez le type nommé dans le détail, en UTF-8, tel quel ou compressé par gzip (`Content-Encoding: gzip`).", "Send the type named in the detail, in UTF-8, as it is or compressed with gzip (`Content-Encoding: gzip`).");
    ValidationFailed = 422 "validation_failed",
        text("La requête contient des erreurs", "The request has errors"),
        text("La requête est comprise, mais des champs ou paramètres sont faux. Tous sont dans `errors`.", "The request is understood, but fields or parameters are wrong. All are in `errors`."),
        text("Corrigez chaque endroit nommé.", "Correct each place named.");
    GroupingNotPublished = 422 "grouping_not_published",
        text("Tableau non publié", "Table not published"),
        text("Les chiffres publiés sont des tableaux fixes : celui qui est demandé n'en fait pas partie.", "Published figures are fixed tables: the one asked for is not among them."),
        text("Demandez un des groupements nommés dans `errors`, avec des filtres sur ses seules dimensions.", "Ask for one of the groupings named in `errors`, with filters on its dimensions only.");
    NotPublished = 422 "not_published",
        text("Rien n'est publié", "Nothing is published"),
        text("Aucune publication ne répond à l'année, au numéro ou à la date demandés.", "No publication answers the year, the number or the date asked for."),
        text("Voyez `/v1/publications` ; attendez la publication de l'année.", "See `/v1/publications`; wait until the year is published.");
    IdempotencyKeyReused = 422 "idempotency_key_reused",
        text("Clé d'idempotence déjà utilisée", "Idempotency key already used"),
        text("Cette clé a servi pour une requête au corps différent.", "This key was used for a request with another body."),
        text("Prenez une nouvelle clé.", "Take a new key.");
    PreconditionRequired = 428 "precondition_required",
        text("`If-Match` requis", "`If-Match` required"),
        text("Cette modification demande l'en-tête `If-Match`.", "This change needs the `If-Match` header."),
        text("Lisez l'objet et renvoyez son `ETag` dans `If-Match`, ou `*` pour y renoncer.", "Read the object and send its `ETag` as `If-Match`, or `*` to opt out.");
    HeadersTooLarge = 431 "headers_too_large",
        text("En-têtes trop longs", "Headers too long"),
        text("Les en-têtes dépassent 32 Kio.", "The headers are over 32 KiB."),
        text("Réduisez-les.", "Shorten them.");
    TooManyRequests = 429 "too_many_requests",
        text("Trop de requêtes", "Too many requests"),
        text("Ce client a demandé plus que sa part en peu de temps, ou a échoué trop souvent à se nommer. Rien n'a été fait.", "This client asked for more than its share in a short time, or failed too often to name itself. Nothing was done."),
        text("Recommencez après `Retry-After` ; `RateLimit` dit ce qui reste.", "Try again after `Retry-After`; `RateLimit` says what is left.");
    InternalError = 500 "internal_error",
        text("Erreur interne", "Internal error"),
        text("Le service a failli ; la cause est dans son journal sous `request_id`.", "The service failed; the cause is in its log under `request_id`."),
        text("Signalez-le avec `request_id`. Une requête avec clé d'idempotence peut être répétée.", "Report it with `request_id`. A request with an idempotency key can be repeated.");
    ServiceUnavailable = 503 "service_unavailable",
        text("Service momentanément indisponible", "Service temporarily unavailable"),
        text("La base de données est absente ou trop occupée. Rien n'a été confirmé.", "The database is away or too busy. Nothing was acknowledged."),
        text("Recommencez après `Retry-After`, avec la même clé d'idempotence.", "Try again after `Retry-After`, with the same idempotency key.");
    OutcomeUnknown = 503 "outcome_unknown",
        text("Issue inconnue", "Outcome unknown"),
        text("L'écriture était demandée quand la base de données a cessé de répondre, ou ses copies de suivre : elle a eu lieu, ou non.", "The write was asked for when the database stopped answering, or its copies following: it took place, or not."),
        text("Répétez la requête après `Retry-After` avec la même clé d'idempotence : elle n'est faite qu'une fois. Sans clé, relisez d'abord l'objet.", "Repeat the request after `Retry-After` with the same idempotency key: it is done once only. Without a key, read the object first.");
    StorageFull = 507 "storage_full",
        text("Espace de stockage épuisé", "Storage full"),
        text("Le disque de la base de données est plein : rien n'a été écrit. Les lectures continuent.", "The database's disk is full: nothing was written. Reads go on."),
        text("Recommencez après `Retry-After`, avec la même clé d'idempotence ; l'exploitant doit libérer de la place.", "Try again after `Retry-After`, with the same idempotency key; the operator must make room.");
}

impl Code {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        self.entry().code
    }

    /// The status of its answer.
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.entry().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The code of this name.
    pub fn named(name: &str) -> Option<Code> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }

    /// Its title in a language.
    pub const fn title(self, language: Language) -> &'static str {
        self.entry().title.get(language)
    }
}
