"""Definitions of runbooks: from YAML text to checked, frozen objects."""

from runbooks.definitions.known import Known
from runbooks.definitions.lint import Advice, lint
from runbooks.definitions.parser import digest, parse
from runbooks.definitions.problems import DefinitionError, Problem

__all__ = ["Advice", "DefinitionError", "Known", "Problem", "digest", "lint", "parse"]
