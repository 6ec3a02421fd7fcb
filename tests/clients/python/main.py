"""A program that uses the service as an integrator's does: through the client that is generated from
the document, every answer read by attribute. What is said of a value here is checked by mypy; that it
is there, by running it against `ree serve --demo`.

    main.py ADDRESS TOKEN PORTAL

TOKEN is the ministry's, PORTAL that of the partner of the example data.
"""

import sys
import uuid
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from ree_client import AuthenticatedClient, models
from ree_client.api.bilans import list_report_lines, list_report_versions, list_reports
from ree_client.api.campagnes import list_campaigns, list_expected_reports
from ree_client.api.clients import list_clients, list_requests
from ree_client.api.contacts import list_contacts
from ree_client.api.conventions import (
    get_amendment,
    list_amendments,
    list_convention_history,
    list_conventions,
    list_coverage,
)
from ree_client.api.donn_é_es_ouvertes import (
    get_public_indicator_values,
    list_public_conventions,
    list_public_indicators,
    list_public_publications,
)
from ree_client.api.dé_clinaisons import get_declination_comparison, list_declination_history, list_declinations
from ree_client.api.exploitation import list_problems
from ree_client.api.indicateurs import get_indicator_values, list_indicators
from ree_client.api.interventions import (
    list_interventions,
    list_partner_interventions,
    list_pushes,
    list_sync_batches,
    list_syncs,
    push_interventions,
)
from ree_client.api.partenaires import (
    create_partner,
    get_partner,
    list_partners,
    list_representatives,
    update_partner,
)
from ree_client.api.publications import list_publication_changes, list_publications
from ree_client.api.ré_f_é_rentiels import list_nomenclatures, list_territories
from ree_client.api.sollicitations import list_solicitations
from ree_client.api.synchronisation import list_changes
from ree_client.api.webhooks import list_webhook_deliveries, list_webhooks
from ree_client.api.é_ch_é_ances import list_deadlines, list_todo
from ree_client.api.é_tablissements import list_establishments, list_opportunities

Answer = TypeVar("Answer")


def example(end: int) -> uuid.UUID:
    """The id of an object of the example data, as the document's examples have it."""
    return uuid.UUID(f"0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e{end:02x}")


PARTNER, CONVENTION, AMENDMENT, DECLINATION = example(1), example(3), example(4), example(5)
SYNC, REPORT, CAMPAIGN = example(7), example(11), example(12)
SCHOOL = "0660522J"


def told(kind: type[Answer], answer: object) -> Answer:
    """The answer, which is of this type."""
    if not isinstance(answer, kind):
        raise AssertionError(f"{kind.__name__} awaited: {answer!r}")
    return answer


class Page(Protocol[Answer]):
    """A page of a list."""

    data: list[Answer]


def first(page: Page[Answer]) -> Answer:
    """The first item of a list that has one."""
    assert page.data, f"{type(page).__name__} is empty"
    return page.data[0]


def read_every_list(client: AuthenticatedClient) -> None:
    partners = told(models.ListedPartner, list_partners.sync(client=client, limit=2))
    assert first(partners).legal_name and partners.next_cursor
    after = told(models.ListedPartner, list_partners.sync(client=client, limit=2, cursor=partners.next_cursor))
    assert first(after).id != first(partners).id
    metal = list_partners.sync(client=client, sector=[models.AcceptedSectors.METAL_INDUSTRY])
    assert all("metal_industry" in one.sectors for one in told(models.ListedPartner, metal).data)

    representatives = list_representatives.sync(PARTNER, client=client)
    assert first(told(models.ListedRepresentative, representatives)).territories
    public = told(models.ListedPublicConvention, list_public_conventions.sync(client=client))
    assert first(public).reference
    open_publications = told(models.OpenListedPublication, list_public_publications.sync(client=client))
    assert first(open_publications).number == 1
    open_indicators = told(models.OpenListedDefinition, list_public_indicators.sync(client=client))
    assert first(open_indicators).code and open_indicators.licence.id == "etalab-2.0"
    conventions = told(models.ListedConvention, list_conventions.sync(client=client))
    assert first(conventions).starts_on
    amendments = told(models.ListedAmendment, list_amendments.sync(CONVENTION, client=client))
    assert first(amendments).number == 1
    declinations = told(models.ListedDeclination, list_declinations.sync(client=client))
    assert first(declinations).convention_id == CONVENTION
    of_convention = list_convention_history.sync(CONVENTION, client=client)
    assert first(told(models.ListedHistoryEvent, of_convention)).occurred_at
    of_declination = list_declination_history.sync(DECLINATION, client=client)
    assert first(told(models.ListedHistoryEvent, of_declination)).action
    syncs = told(models.ListedSync, list_syncs.sync(PARTNER, client=client))
    assert first(syncs).id == SYNC
    pushes = told(models.ListedPush, list_pushes.sync(PARTNER, client=client))
    assert first(pushes).id
    batches = told(models.ListedSyncBatch, list_sync_batches.sync(PARTNER, SYNC, client=client))
    assert first(batches).id
    interventions = told(models.ListedInterventions, list_interventions.sync(client=client, territory=[f"uai:{SCHOOL}"]))
    assert first(interventions).external_id
    own = told(models.ListedIntervention, list_partner_interventions.sync(PARTNER, client=client))
    assert first(own).external_id
    solicitations = told(models.ListedSolicitation, list_solicitations.sync(client=client))
    assert first(solicitations).uai == SCHOOL
    contacts = told(models.ListedContact, list_contacts.sync(client=client))
    assert first(contacts).role
    campaigns = told(models.ListedCampaign, list_campaigns.sync(client=client))
    assert first(campaigns).due_on
    expected = told(models.ListedExpectedReport, list_expected_reports.sync(CAMPAIGN, client=client))
    assert first(expected).state
    establishments = told(models.ListedEstablishment, list_establishments.sync(client=client, limit=1))
    assert first(establishments).uai
    opportunities = told(models.Opportunities, list_opportunities.sync(SCHOOL, client=client))
    assert first(opportunities).partner.id
    territories = told(models.ListedTerritory, list_territories.sync(client=client, limit=1))
    assert first(territories).code
    nomenclatures = told(models.ListedNomenclature, list_nomenclatures.sync(client=client))
    assert first(nomenclatures).entries
    reports = told(models.ListedReport, list_reports.sync(client=client))
    assert first(reports).school_year
    versions = told(models.ListedReport, list_report_versions.sync(REPORT, client=client))
    assert first(versions).id == REPORT
    lines = told(models.ListedFlatLine, list_report_lines.sync(client=client))
    assert first(lines).action_type
    indicators = told(models.ListedDefinition, list_indicators.sync(client=client))
    assert first(indicators).code
    publications = told(models.ListedPublication, list_publications.sync(client=client))
    publication = first(publications)
    assert publication.number == 1
    moved = told(models.ListedPublicationChange, list_publication_changes.sync(publication.id, client=client))
    # It is the first of its year: nothing has moved since another one.
    assert [change.measure for change in moved.data] == []
    deadlines = told(models.ListedDeadline, list_deadlines.sync(client=client, within_days=3660))
    assert first(deadlines).due_on
    todo = told(models.ListedTodo, list_todo.sync(client=client))
    assert first(todo).url
    coverage = told(models.ListedConventionCoverage, list_coverage.sync(client=client))
    assert first(coverage).academies[0].code
    clients = told(models.ListedRegisteredClient, list_clients.sync(client=client))
    assert first(clients).partner_id == PARTNER
    asked = told(models.ListedAnsweredRequest, list_requests.sync(client=client))
    # They are kept a second later.
    assert all(one.status >= 200 and one.duration_ms >= 0 for one in asked.data)
    changes = told(models.ListedChange, list_changes.sync(client=client))
    assert first(changes).cursor
    webhook = first(told(models.ListedWebhook, list_webhooks.sync(client=client)))
    assert webhook.status == "paused"
    sent = told(models.ListedDelivery, list_webhook_deliveries.sync(webhook.id, client=client))
    # It has waited since it was made.
    assert [delivery.outcome for delivery in sent.data] == []


def read_figures(client: AuthenticatedClient) -> None:
    pupils = [models.AcceptedMeasures.PUPILS]
    values = told(models.IndicatorValues, get_indicator_values.sync(client=client, measures=pupils))
    assert values.totals
    published = get_public_indicator_values.sync(client=client, measures=pupils)
    assert told(models.OpenIndicatorValues, published).totals
    compared = get_declination_comparison.sync(DECLINATION, client=client)
    assert any(field.status == "narrower" for field in told(models.DeclinationComparison, compared).fields)


def decode_an_amendment(client: AuthenticatedClient) -> None:
    answer = get_amendment.sync(CONVENTION, AMENDMENT, client=client)
    axes, article = told(models.Amendment, answer).changes
    assert "apprenticeship" in told(models.AmendmentChangeSetAxes, axes).axes
    assert told(models.AmendmentChangeText, article).article == "Article 4"


def survive_an_unknown_code(client: AuthenticatedClient) -> None:
    partner = told(models.Partner, get_partner.sync(PARTNER, client=client))
    of_next_year = partner.to_dict() | {"kind": "space_agency", "sectors": ["space"]}
    read = models.Partner.from_dict(of_next_year)
    assert (read.kind, read.sectors) == ("space_agency", ["space"])


def decode_every_problem(client: AuthenticatedClient, stranger: AuthenticatedClient) -> None:
    documented = told(models.ProblemTypes, list_problems.sync(client=client)).data
    assert len(documented) > 30
    for one in documented:
        problem = models.Problem.from_dict(one.example.to_dict())
        assert (problem.code, problem.status) == (one.code, one.status)

    new = models.NewPartner(legal_name=" ", kind=models.AcceptedPartnerKinds.COMPANY, siren="552049448")
    changed = models.PartnerPatch(acronym="UIMM")
    refusals: list[tuple[str, Callable[[], Any]]] = [
        ("invalid_token", lambda: get_partner.sync(PARTNER, client=stranger)),
        ("not_found", lambda: get_partner.sync(uuid.uuid4(), client=client)),
        ("invalid_cursor", lambda: list_partners.sync(client=client, cursor="of another list")),
        ("precondition_failed", lambda: update_partner.sync(PARTNER, client=client, body=changed, if_match='"0.x"')),
        ("validation_failed", lambda: create_partner.sync(client=client, body=new)),
    ]
    for code, ask in refusals:
        assert told(models.Problem, ask()).code == code, code
    faults = {fault.pointer: fault.code for fault in told(models.Problem, refusals[-1][1]()).errors}
    assert faults == {"/legal_name": "blank", "/siren": "invalid_checksum"}, faults


def push_a_batch(client: AuthenticatedClient) -> None:
    def offer(external_id: str, level: models.AcceptedLevels) -> models.PushedIntervention:
        return models.PushedIntervention(
            external_id=external_id,
            convention_id=CONVENTION,
            title="Visite d'un atelier",
            action_type=models.AcceptedActionTypes.COMPANY_VISIT,
            levels=[level],
            modality=models.AcceptedModalities.IN_PERSON,
            territories=["department:066"],
        )

    items = [offer("python-1", models.AcceptedLevels("3e")), offer("python 2", models.AcceptedLevels("3e"))]
    body = models.PushedInterventions(items=items)
    verdict = told(models.BatchVerdict, push_interventions.sync(PARTNER, client=client, body=body))
    assert verdict.counts.rejected == 1 and verdict.counts.received == 2
    taken, refused = verdict.items
    assert taken.outcome in ("created", "unchanged") and taken.status == "published"
    assert refused.errors[0].code == "invalid_format"


def main(address: str, token: str, portal: str) -> None:
    client = AuthenticatedClient(base_url=address, token=token)
    stranger = AuthenticatedClient(base_url=address, token="nobody")
    read_every_list(client)
    read_figures(client)
    decode_an_amendment(client)
    survive_an_unknown_code(client)
    decode_every_problem(client, stranger)
    push_a_batch(AuthenticatedClient(base_url=address, token=portal))


if __name__ == "__main__":
    main(*sys.argv[1:])
