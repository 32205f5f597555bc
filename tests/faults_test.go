//go:build linux

package tests

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the tests' names into the table of faults")

const faultsTable = "../docs/reference/faults.md"

var faultID = regexp.MustCompile(`[DFSTHM]\d\d`)

// faultTests returns the names of the tests in the sources of one language, by the faults that each is named by: TestD01...,
// test_d01_... or test_d01_d02_....
func faultTests(t *testing.T, files *regexp.Regexp, name *regexp.Regexp) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && entry.Name() != ".." {
			return fs.SkipDir // the virtual environment, among others
		}
		if !files.MatchString(filepath.ToSlash(path)) {
			return nil
		}
		source, err := os.ReadFile(path)
		for _, m := range name.FindAllSubmatch(source, -1) {
			for _, id := range faultID.FindAllString(strings.ToUpper(string(m[2])), -1) {
				found[id] = append(found[id], string(m[1]))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// cell is how the table names tests.
func cell(names []string) string {
	if len(names) == 0 {
		return "-"
	}
	slices.Sort(names)
	return "`" + strings.Join(slices.Compact(names), "` `") + "`"
}

// TestFaults proves that the table of faults has every one of them, and names exactly the tests that there are. A row without a
// test of a language says why.
func TestFaults(t *testing.T) {
	inGo := faultTests(t, regexp.MustCompile(`_test\.go$`), regexp.MustCompile(`(?m)^func (Test((?:[DFSTHM]\d\d)+)\w*)\(`))
	inPython := faultTests(t, regexp.MustCompile(`/tests/test_\w+\.py$`), regexp.MustCompile(`(?m)^(?:async )?def (test((?:_[dfsthm]\d\d)+)_\w+)\(`))
	text, err := os.ReadFile(faultsTable)
	if err != nil {
		t.Fatal(err)
	}
	ids, tests := []string{}, [2]int{}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		cells := strings.Split(line, " | ")
		if len(cells) != 6 || !regexp.MustCompile(`^\| [DFSTHM]\d\d$`).MatchString(cells[0]) {
			continue
		}
		id, result := strings.TrimPrefix(cells[0], "| "), cells[5]
		ids = append(ids, id)
		for k, language := range []struct {
			name  string
			tests map[string][]string
		}{{"Go", inGo}, {"Python", inPython}} {
			want := cell(language.tests[id])
			if *update {
				cells[3+k] = want
			}
			if cells[3+k] != want {
				t.Errorf("%s: the table names %s of %s, found %s; run go test ./tests -run TestFaults -update", id, cells[3+k], language.name, want)
			}
			if want == "-" && !strings.Contains(result, language.name+": ") {
				t.Errorf("%s: no test of %s, and no reason", id, language.name)
			} else if want != "-" {
				tests[k]++
			}
			delete(language.tests, id)
		}
		lines[i] = strings.Join(cells, " | ")
	}
	if *update {
		if err := os.WriteFile(faultsTable, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var want []string
	for _, group := range []struct {
		letter string
		n      int
	}{{"D", 22}, {"F", 12}, {"S", 14}, {"T", 12}, {"H", 14}, {"M", 12}} {
		for i := range group.n {
			want = append(want, fmt.Sprintf("%s%02d", group.letter, i+1))
		}
	}
	if !slices.Equal(ids, want) {
		t.Errorf("the table has %v, want %v", ids, want)
	}
	if len(inGo)+len(inPython) > 0 {
		t.Errorf("tests of faults that there are not: %v %v", inGo, inPython)
	}
	t.Logf("of %d faults Go tests %d, Python %d", len(ids), tests[0], tests[1])
}
