"""What can keep a drill from running."""


class DrillError(Exception):
    """str() is one sentence for the person at the terminal."""


class ProgramsMissing(DrillError):
    """The machine lacks programs that the drill needs."""

    def __init__(self, names: list[str], packages: list[str]) -> None:
        super().__init__(names, packages)
        self.names, self.packages = names, packages

    def __str__(self) -> str:
        command = f"apt-get install --no-install-recommends {' '.join(self.packages)}"
        return f"The drill needs {', '.join(self.names)}: run `{command}` as root, then again."


class PortsTaken(DrillError):
    """Somebody else listens where a program of the drill has to."""

    def __init__(self, ports: list[int]) -> None:
        super().__init__(ports)
        self.ports = ports

    def __str__(self) -> str:
        listed = ", ".join(str(port) for port in self.ports)
        return f"Already in use on 127.0.0.1: {listed}; is another drill running?"


class NotReady(DrillError):
    """Something didn't happen in time."""

    def __init__(self, what: str, within_s: float, where: str = "") -> None:
        super().__init__(what, within_s, where)
        self.what, self.within_s, self.where = what, within_s, where

    def __str__(self) -> str:
        return f"{self.what} not within {self.within_s:.0f} s{'; see ' + self.where if self.where else ''}."


class StillBurning(DrillError):
    """An incident about the service isn't resolved yet."""

    def __init__(self, label: str, link: str) -> None:
        super().__init__(label, link)
        self.label, self.link = label, link

    def __str__(self) -> str:
        return f"{self.label} is not resolved, so the drill's alerts would join it: resolve it first at {self.link}"
