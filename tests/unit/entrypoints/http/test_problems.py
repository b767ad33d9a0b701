"""Errors as problem documents."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse

from sre_copilot.adapters.system import new_id
from sre_copilot.domain.errors import DatabaseUnavailable, InvalidTransition, NotFound, RecommendationDecided
from sre_copilot.entrypoints.http.problems import (
    MEDIA_TYPE,
    Refused,
    answering,
    of_error,
    problem,
    unforeseen,
)


def told(response: HttpResponse) -> Any:
    assert response["Content-Type"] == MEDIA_TYPE
    return json.loads(response.content)


def test_a_problem_says_status_code_and_what_to_do() -> None:
    answer = problem(409, "taken", "Choose another name.", state="resolved")
    assert answer.status_code == 409
    assert told(answer) == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "code": "taken",
        "detail": "Choose another name.",
        "state": "resolved",
    }


def test_a_refused_step_names_the_state_and_what_it_allows() -> None:
    document = told(of_error(InvalidTransition(state="resolved", action="acknowledge", allowed=["learn", "reopen"])))
    assert (document["code"], document["status"]) == ("invalid_transition", 409)
    assert (document["state"], document["allowed"]) == ("resolved", ["learn", "reopen"])


def test_the_status_of_a_recommendation_does_not_hide_that_of_the_answer() -> None:
    document = told(of_error(RecommendationDecided(status="rejected", wanted="accepted", allowed=[])))
    assert (document["status"], document["state"]) == (409, "rejected")


def test_what_is_not_found_is_told_in_the_same_bytes_whatever_was_asked_for() -> None:
    one, other = of_error(NotFound(incident=new_id())), of_error(NotFound("There is no tenant 'acme'."))
    assert one.content == other.content
    assert dict(one.items()) == dict(other.items())


def test_nothing_of_an_error_is_told_but_its_sentence_and_the_words_of_the_rules() -> None:
    answer = of_error(InvalidTransition("told", state="resolved", secret="swordfish"))
    assert "swordfish" not in answer.content.decode()


def test_a_database_that_is_away_is_worth_coming_back_for() -> None:
    answer = of_error(DatabaseUnavailable())
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0


def test_who_is_not_known_is_told_how_to_say_it() -> None:
    assert problem(401, "not_authentic", "Who are you?")["WWW-Authenticate"].startswith("Bearer")


def test_a_plain_error_becomes_a_problem_and_keeps_what_its_headers_say() -> None:
    plain = HttpResponse("<h1>Method Not Allowed</h1>", status=405)
    plain["Allow"] = "GET, HEAD"
    answer = unforeseen(plain, "r-1")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert told(answer)["code"] == "method_not_allowed"
    assert "reference" not in told(answer)


def test_what_nobody_foresaw_has_a_reference_and_no_details() -> None:
    answer = unforeseen(HttpResponse("Traceback ...", status=500), "r-1")
    document = told(answer)
    assert (document["code"], document["reference"]) == ("unexpected", "r-1")
    assert "Traceback" not in answer.content.decode()


def test_a_rare_status_is_told_as_the_common_one_of_its_kind() -> None:
    assert told(unforeseen(HttpResponse(status=418), "r-1"))["code"] == "bad_request"
    assert told(unforeseen(HttpResponse(status=502), "r-1"))["code"] == "unexpected"


def test_a_view_answers_errors_of_ours_as_problems() -> None:
    @answering
    def view(request: HttpRequest, error: Exception) -> HttpResponse:
        raise error

    assert view(HttpRequest(), NotFound()).status_code == 404
    assert view(HttpRequest(), Refused(413, "too_large", "Send less.")).status_code == 413
