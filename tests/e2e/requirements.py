"""What editors' users ask of such a server, R1 to R28, and the tests that hold each: node ids without parameters.

Gathered from the issue trackers of comparable tools. `PENDING` names those that no test here holds yet, and why.
"""

from __future__ import annotations

from dataclasses import dataclass

_SHOWN = "tests/e2e/test_shown_text.py::"
_ALONG = "tests/e2e/test_typing_along.py::"
_LIFE = "tests/e2e/test_lifecycle.py::"
_SILENCE = "tests/e2e/test_silence.py::"
_NEXT = "tests/e2e/test_next_edits.py::"
_FUZZ = "tests/e2e/test_fuzz.py::test_three_thousand_messages_leave_nothing_unanswered_and_nothing_behind"
_REFEREE = "tests/fakes/test_referee.py::test_each_fault_is_found"
_ITEMS = "tests/fakes/test_item_rules.py::test_bad_items"


@dataclass(frozen=True)
class Requirement:
    """One promise, and what holds it."""

    text: str
    tests: tuple[str, ...] = ()


REQUIREMENTS = {
    "R1": Requirement(
        "$/cancelRequest stops the model within one step and is answered with -32800; the model is free in 100 ms",
        (
            "tests/e2e/test_cancelling.py::test_a_request_that_is_taken_back_frees_the_model_at_once",
            "tests/runtime/service/test_cancels.py::"
            "test_after_a_cancel_no_more_than_the_running_step_is_done_and_nothing_is_left",
        ),
    ),
    "R2": Requirement(
        "a newer request of a document supersedes the older, which is answered with an empty list",
        (f"{_LIFE}test_cancelled_superseded_and_outdated_requests_are_each_answered_once",),
    ),
    "R3": Requirement(
        "every request id gets exactly one answer",
        (_FUZZ, f"{_LIFE}test_what_is_under_way_at_shutdown_is_answered_too", _REFEREE),
    ),
    "R4": Requirement(
        "switched off, or in a document that is kept back: the model is neither asked nor loaded",
        (
            f"{_SILENCE}test_switched_off_no_model_is_loaded_until_it_is_switched_on",
            f"{_SILENCE}test_secret_documents_are_asked_about_in_vain_and_their_text_goes_nowhere",
        ),
    ),
    "R5": Requirement(
        "an idle model is let go of, idle processes sleep, several windows share one model",
        (
            "tests/e2e/test_idle.py::test_both_processes_sleep_while_nobody_types",
            "tests/e2e/test_two_clients.py::test_two_clients_typing_at_once_get_all_their_answers",
            "tests/runtime/service/test_server.py::test_ends_when_idle_but_not_while_a_client_is_there",
        ),
    ),
    "R6": Requirement(
        "thirty characters typed in a second cost at most two runs of the model",
        (
            f"{_ALONG}test_thirty_characters_along_a_suggestion_cost_one_run_of_the_model",
            "tests/lsp_server/answers/test_answering.py::test_a_burst_of_keys_is_waited_out_unless_the_user_asks",
        ),
    ),
    "R7": Requirement(
        "what was computed for an older text is dropped",
        (f"{_LIFE}test_cancelled_superseded_and_outdated_requests_are_each_answered_once", _FUZZ),
    ),
    "R8": Requirement(
        "typing along a suggestion shows the remainder of the same text",
        (
            f"{_ALONG}test_thirty_characters_along_a_suggestion_cost_one_run_of_the_model",
            f"{_ALONG}test_a_block_is_typed_along_over_its_lines",
            "tests/lsp_server/answers/test_parked.py::test_typing_along_a_suggestion_gives_exactly_what_is_left_of_it",
        ),
    ),
    "R9": Requirement(
        'nothing to show is {"items": []}, never null',
        (
            f"{_SHOWN}test_nothing_to_show_is_an_empty_list",
            f"{_LIFE}test_a_failing_model_is_silence_with_a_reason",
            "tests/fakes/test_item_rules.py::test_bad_results",
        ),
    ),
    "R10": Requirement(
        "with a chosen menu entry a suggestion extends it over the same range, or there is none",
        (
            f"{_SHOWN}test_a_chosen_menu_entry_is_extended_in_its_own_range_or_not_at_all",
            "tests/fakes/test_item_rules.py::test_a_chosen_entry_is_extended_over_its_own_range",
        ),
    ),
    "R11": Requirement(
        "tabs and blanks follow the document or the formattingOptions",
        (
            "tests/lsp_server/test_goldens.py::test_golden",
            "tests/lsp_server/features/test_inline_completion.py::test_the_clients_indentation_is_followed",
        ),
    ),
    "R12": Requirement(
        "a suggestion has the line ends of its document, the model sees plain ones",
        (
            f"{_SHOWN}test_line_ends_are_those_of_the_document",
            "tests/lsp_server/answers/test_completer.py::test_query_holds_the_text_around_the_cursor_with_plain_line_ends",
            "tests/fakes/test_item_rules.py::test_line_ends_are_those_of_the_document",
        ),
    ),
    "R13": Requirement("an indent is not doubled", (f"{_SHOWN}test_an_indent_that_is_there_is_not_doubled",)),
    "R14": Requirement(
        "closers that an editor has put in do not stand twice",
        (f"{_SHOWN}test_closers_that_an_editor_has_put_in_do_not_stand_twice",),
    ),
    "R15": Requirement(
        "lines that follow anyway are not suggested", (f"{_SHOWN}test_what_follows_anyway_is_not_repeated",)
    ),
    "R16": Requirement(
        "the range is there, on one line, and contains the cursor",
        (_ITEMS, f"{_SHOWN}test_any_position_in_any_text_gets_a_valid_answer", _FUZZ),
    ),
    "R17": Requirement(
        "no next edit after undo, after a rejection, or without a recent edit",
        (
            f"{_NEXT}test_without_a_recent_edit_after_an_undo_and_after_a_rejection_there_is_silence",
            f"{_NEXT}test_what_was_turned_down_stays_away_though_there_is_no_pause",
            "tests/lsp_server/next_edits/test_policy.py::test_it_needs_a_recent_edit_that_was_no_undo",
        ),
    ),
    "R18": Requirement(
        "no next edit that reverts the user, imports only, or deletes much",
        (
            f"{_NEXT}test_what_a_model_writes_is_shown_only_if_it_passes",
            f"{_NEXT}test_imports_alone_and_much_deletion_are_not_shown",
            "tests/lsp_server/next_edits/test_filters.py::test_the_users_change_is_not_taken_back",
        ),
    ),
    "R19": Requirement(
        "exactly one next edit, with the version echoed, or an empty list",
        (
            f"{_NEXT}test_a_renamed_function_is_renamed_at_one_call_after_the_other",
            f"{_NEXT}test_a_newer_request_and_a_cancelled_one_are_each_answered_once",
            f"{_NEXT}test_a_model_that_is_writing_is_stopped_by_a_cancellation_and_by_a_newer_request",
            "tests/fakes/test_edit_rules.py::test_bad_results",
        ),
    ),
    "R20": Requirement(
        "the reason for silence can be asked for",
        (
            f"{_SILENCE}test_every_silence_has_its_reason",
            f"{_NEXT}test_without_a_model_that_can_chat_only_what_is_proven_is_shown_and_the_reason_told",
            f"{_NEXT}test_without_a_recent_edit_after_an_undo_and_after_a_rejection_there_is_silence",
        ),
    ),
    "R21": Requirement(
        "nothing stays of closed documents",
        (
            "tests/e2e/test_cycles.py::test_what_is_closed_is_forgotten",
            "tests/lsp_server/wire/test_protocol.py::test_nothing_is_kept_of_what_has_run",
        ),
    ),
    "R22": Requirement(
        "special tokens are never shown, and in a user's text they are text",
        (
            "tests/e2e/test_special_tokens.py::test_special_tokens_in_a_users_text_are_text_and_none_is_ever_shown",
            "tests/runtime/test_tokenizer.py::test_special_tokens_in_text_are_text",
            _ITEMS,
        ),
    ),
    "R23": Requirement(
        "positions are UTF-16, whatever the client offers first",
        ("tests/e2e/test_clients.py::test_a_whole_session_works_with_the_profile",),
    ),
    "R24": Requirement(
        "any position in any text, and clients that count otherwise, get a valid answer",
        (
            f"{_SHOWN}test_any_position_in_any_text_gets_a_valid_answer",
            f"{_SHOWN}test_a_client_that_counts_otherwise_crashes_nothing",
            f"{_LIFE}test_wrong_positions_are_clamped",
            "tests/fakes/test_mirror.py::test_it_holds_what_the_server_holds",
        ),
    ),
    "R25": Requirement(
        "a file with secrets gets no suggestion and reaches no prompt, the open one included",
        (
            f"{_SILENCE}test_secret_documents_are_asked_about_in_vain_and_their_text_goes_nowhere",
            "tests/e2e/test_cache_reuse.py::test_a_secret_document_costs_nothing_at_all",
            "tests/context/privacy/test_secret_paths.py::test_a_secret_is_found_and_the_reason_said",
        ),
    ),
    "R26": Requirement(
        "a listening server is reached from this machine only",
        ("tests/e2e/test_loopback.py::test_only_this_machine_can_connect",),
    ),
    "R27": Requirement(
        "lines or blocks, and languages, are switched while the server runs",
        (
            "tests/e2e/test_workspace.py::test_pushed_settings_switch_languages_without_a_pull",
            "tests/e2e/test_workspace.py::test_a_documents_folder_decides_and_all_of_it_is_live",
        ),
    ),
    "R28": Requirement(
        "a failure never opens a window",
        (_REFEREE, _FUZZ, f"{_LIFE}test_a_failing_model_is_silence_with_a_reason"),
    ),
}

PENDING: dict[str, str] = {}
