"""What is wrong with a definition: every mistake with its place, and what would be right there."""

from dataclasses import asdict, dataclass, field

from runbooks.errors import RunbookError

MOST_PROBLEMS = 100  # told at once


@dataclass(frozen=True)
class Problem:
    """One mistake. line and column count from 1. field: the path, as in `steps.restart.retry.attempts`."""

    file: str
    line: int
    column: int
    field: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}"
        return " ".join(part for part in (f"{place}: {self.field}:" if self.field else f"{place}:", self.text) if part)

    @property
    def text(self) -> str:
        """The message with its remedy, without the place."""
        return f"{self.message} {self.remedy}".strip()

    def as_json(self) -> dict[str, str | int]:
        """As the API tells it."""
        return asdict(self)


class DefinitionError(RunbookError):
    """The text is no valid definition. `problems` has all that was found, in the order of the lines."""

    code = "bad_definition"
    status = 422

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


@dataclass
class Book:
    """Keeps the place of every field that was read, and the problems found so far."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)

    def mark(self, path: str, line: int, column: int) -> None:
        self.places.setdefault(path, (line, column))

    def add(self, path: str, message: str, remedy: str = "", *, place: tuple[int, int] | None = None) -> None:
        """Note a problem at a field (one that isn't there has the place of what is around it) or at `place`."""
        line, column = place or self.place(path)
        problem = Problem(self.file, line, column, path, message, remedy)
        if len(self.problems) < MOST_PROBLEMS and problem not in self.problems:
            self.problems.append(problem)

    def place(self, path: str) -> tuple[int, int]:
        while path and path not in self.places:
            path = path.rpartition(".")[0]
        return self.places.get(path, (1, 1))

    def check(self) -> None:
        """Raises DefinitionError if there is any problem."""
        if self.problems:
            raise DefinitionError(sorted(self.problems, key=lambda problem: (problem.line, problem.column)))
