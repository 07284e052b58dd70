"""The faults that an administrator can meet in a form, in words and in their language; the parser finds them."""

from django.utils.translation import gettext as _

from checklists.reading import Problem


def fault_sentence(problem: Problem) -> str:
    """Return what to do about a fault, for one who edits in the browser and has never seen the files."""
    match problem.code:
        case "missing" | "text" if problem.key.endswith((".system", ".code")):
            return _("Write code system and code on each line, for example 1.2.752.30.1 | 82101.")
        case "missing" | "text":
            return _("Fill in this field.")
        case "number":
            return _("Write a whole number, 1 or more.")
        case "code":
            return _("Choose one of those on the list.")
        case "twice":
            return _("This stands twice. Remove one of them.")
        case "least":
            return _("Choose at least one.")
        case "field-kind":
            return _(
                "Only a clinical requirement is answered by a field of the referral. Choose none, or another kind."
            )
        case "choices":
            return _("A question with choices needs them, and no other kind of question has any.")
    return _("%(where)s: %(fault)s %(remedy)s") % {
        "where": problem.key,
        "fault": problem.message,
        "remedy": problem.remedy,
    }
