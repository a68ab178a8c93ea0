"""The table of `scripts/test backends` lets no cell go unseen."""
import contextlib
import importlib.machinery
import importlib.util
import io
import os
import tempfile
import unittest

_PATH = os.path.join(os.path.dirname(__file__), "..", "..", "scripts", "lib", "backend_table")
_LOADER = importlib.machinery.SourceFileLoader("backend_table", _PATH)
_SPEC = importlib.util.spec_from_loader("backend_table", _LOADER)
backend_table = importlib.util.module_from_spec(_SPEC)
_LOADER.exec_module(backend_table)

RUN = '<testcase name="Backends/{}" status="run"/>'
FAILED = '<testcase name="Backends/{}" status="fail"><failure/></testcase>'
SKIPPED = '<testcase name="Backends/{}" status="notrun"><skipped/></testcase>'
REASONS = "# Text\n\n## Not applicable\n\n| suite | backends | why |\n|---|---|---|\n"


class BackendTableTest(unittest.TestCase):
    def table(self, tests, reasons="", backends=None):
        """The exit code and what was printed; `backends` are those that there must be, without: those that ran."""
        with tempfile.TemporaryDirectory() as folder:
            results, document = os.path.join(folder, "r.xml"), os.path.join(folder, "r.md")
            with open(results, "w", encoding="utf-8") as file:
                file.write("<testsuite>" + "".join(tests) + '<testcase name="Other.Test" status="fail"/></testsuite>')
            with open(document, "w", encoding="utf-8") as file:
                file.write(REASONS + reasons)
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                if backends is None:
                    backends = backend_table.read_results([results])[2]
                code = backend_table.main([results, document], backends)
            return code, output.getvalue()

    def test_passes_when_every_cell_ran(self):
        code, text = self.table([RUN.format("AContract.X/one"), RUN.format("AContract.X/two")])
        self.assertEqual(code, 0, text)
        self.assertIn("1 cases × 2 backends: 2 passed, 0 not applicable, 0 problems", text)

    def test_takes_names_as_ctest_writes_them(self):
        code, text = self.table([RUN.format("AContract.X/one  # GetParam() = one")])
        self.assertEqual(code, 0, text)
        self.assertIn("1 cases × 1 backends: 1 passed", text)

    def test_names_an_empty_cell(self):
        code, text = self.table([RUN.format("AContract.X/one"), RUN.format("AContract.Y/one"),
                                 RUN.format("AContract.X/two")])
        self.assertEqual(code, 1)
        self.assertIn("problem: AContract.Y / two: neither run nor explained", text)

    def test_takes_a_reason_for_a_suite_or_a_case(self):
        tests = [RUN.format("AContract.X/one"), RUN.format("AContract.Y/one"), RUN.format("BContract.Z/two")]
        code, text = self.table(tests, "| `AContract` | `tw*` | no cable |\n| BContract.Z | one | no disk |\n")
        self.assertEqual(code, 0, text)
        self.assertIn("n/a 1: no cable", text)
        self.assertIn("3 not applicable", text)

    def test_fails_for_failed_and_skipped_cells(self):
        for test, word in ((FAILED, "FAILED"), (SKIPPED, "SKIPPED")):
            code, text = self.table([test.format("AContract.X/one")])
            self.assertEqual(code, 1)
            self.assertIn(f"problem: AContract.X / one: {word}", text)

    def test_refuses_a_reason_for_a_cell_that_runs_or_is_not_there(self):
        code, text = self.table([RUN.format("AContract.X/one")], "| AContract | one | lazy |\n")
        self.assertEqual(code, 1)
        self.assertIn("said to be not applicable", text)
        code, text = self.table([RUN.format("AContract.X/one")], "| CContract | one | old |\n")
        self.assertEqual(code, 1)
        self.assertIn("no such cell: CContract | one", text)

    def test_fails_when_nothing_ran(self):
        self.assertEqual(self.table([])[0], 1)

    def test_fails_when_a_backend_is_missing_altogether(self):
        code, text = self.table([RUN.format("AContract.X/one")], backends=["one", "two"])
        self.assertEqual(code, 1)
        self.assertIn("problem: AContract.X / two: neither run nor explained", text)

    def test_a_reason_for_everything_does_not_excuse_a_missing_backend(self):
        code, text = self.table([RUN.format("AContract.X/one")], "| AContract | two | away |\n", ["one", "two"])
        self.assertEqual(code, 1)
        self.assertIn("problem: two: no test of this backend has run", text)

    def test_fails_for_a_backend_that_it_does_not_know(self):
        code, text = self.table([RUN.format("AContract.X/one"), RUN.format("AContract.X/new")], backends=["one"])
        self.assertEqual(code, 1)
        self.assertIn("problem: new: not in BACKENDS of scripts/lib/backend_table", text)

    def test_knows_its_backends(self):
        self.assertIn("openbao", backend_table.BACKENDS)
        with contextlib.redirect_stdout(io.StringIO()) as output, tempfile.TemporaryDirectory() as folder:
            results, document = os.path.join(folder, "r.xml"), os.path.join(folder, "r.md")
            with open(results, "w", encoding="utf-8") as file:
                file.write("<testsuite>" + RUN.format("AContract.X/fake") + "</testsuite>")
            with open(document, "w", encoding="utf-8") as file:
                file.write(REASONS)
            self.assertEqual(backend_table.main([results, document]), 1)
        self.assertIn("problem: openbao: no test of this backend has run", output.getvalue())


if __name__ == "__main__":
    unittest.main()
