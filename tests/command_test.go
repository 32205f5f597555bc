//go:build linux

package tests

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
	"github.com/samebytes/samebytes/shm"
)

// TestCommand runs the command as a user does: what it prints, and its exit codes.
func TestCommand(t *testing.T) {
	t.Setenv("SAMEBYTES_DIR", t.TempDir())
	program := filepath.Join(t.TempDir(), "samebytes")
	if out, err := exec.Command("go", "build", "-o", program, "../cmd/samebytes").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	a, err := shm.Create[float64]("prices", []int{3, 4}, shm.Fortran())
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	a.Publish()
	g, err := a.Lock(context.Background(), ndarray.Range(1, 3))
	if err != nil {
		t.Fatal(err)
	}
	defer g.Unlock()

	for _, c := range []struct {
		args   string
		code   int
		stdout []string // what it prints has these, or is nothing
		stderr string
	}{
		{"ls", 0, []string{"NAME", "prices  array  float64  (3, 4) F  96     1        1      1 "}, ""},
		{"stat prices", 0, []string{"kind     array", "dtype    float64", "mode 0600", "version  1", "lock     exclusive [1:3, 0:4], slot 0", "slot 0   tests.test (go), pid "}, ""},
		{"gc", 0, []string{"nothing is dead"}, ""},
		{"gc --help", 0, []string{"--delete", "Example"}, ""},
		{"stat pirces prices", 3, []string{"dtype    float64"}, "did you mean prices"},
		{"stat", 2, nil, "--help"},
		{"stat a/b", 2, nil, "bad name"},
		{"checksum prices", 0, []string{"2ea9ab9198d1638007400cd2c3bef1cc745b864b76011a0e1bc52180ac6452d4  prices"}, ""},
		{"checksum prices pirces", 1, []string{"  prices"}, "did you mean prices"},
		{"checksum --json nowhere.npz", 1, []string{`"name": ""`, `"error": `}, "no such file"},
		{"checksum", 2, nil, "--help"},
		{"nonsense", 2, nil, "nonsense"},
		{"--help", 0, []string{"ls", "stat", "rm", "SAMEBYTES_DIR"}, ""},
		{"rm prices", 0, nil, ""},
		{"rm prices", 3, nil, "no such segment"},
		{"ls --json", 0, []string{"[]"}, ""},
	} {
		cmd := exec.Command(program, strings.Fields(c.args)...)
		var stdout, stderr strings.Builder
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		err := cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code != c.code {
			t.Errorf("%s: exit code %d, %v, want %d\n%s", c.args, code, err, c.code, &stderr)
		}
		for _, part := range c.stdout {
			if !strings.Contains(stdout.String(), part) {
				t.Errorf("%s: printed\n%swithout %q", c.args, &stdout, part)
			}
		}
		if len(c.stdout) == 0 && stdout.Len() > 0 {
			t.Errorf("%s: printed %q", c.args, &stdout)
		}
		if !strings.Contains(stderr.String(), c.stderr) || c.stderr == "" && stderr.Len() > 0 {
			t.Errorf("%s: said %q, want %q", c.args, &stderr, c.stderr)
		}
	}

	b, err := shm.Create[int8]("flat", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	cmd := exec.Command(program, "stat", "--json", "flat")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got []struct {
		Name, DType  string
		Shape        []int
		NBytes       int
		Participants []struct{ PID int }
	}
	if err := json.Unmarshal(out, &got); err != nil || len(got) != 1 || got[0].DType != "int8" || got[0].Shape == nil || got[0].NBytes != 1 || len(got[0].Participants) != 1 || got[0].Participants[0].PID != os.Getpid() {
		t.Errorf("%s, %v", out, err)
	}
}

// TestStatOfStream looks at the lines that stat prints of a stream: who writes and reads, and how far behind.
func TestStatOfStream(t *testing.T) {
	t.Setenv("SAMEBYTES_DIR", t.TempDir())
	s, err := shm.CreateStream[float64]("ticks", 4, []int{2}, shm.Lossy())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Reader(); err != nil {
		t.Fatal(err)
	}
	member, err := s.Reader(shm.InGroup("workers"))
	if err != nil {
		t.Fatal(err)
	}
	publish := func(n int) {
		for range n {
			l, err := s.Loan(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := l.Publish(); err != nil {
				t.Fatal(err)
			}
		}
	}
	stat := func() (words []string) {
		out, err := exec.Command("go", "run", "../cmd/samebytes", "stat", "ticks").CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for line := range strings.Lines(string(out)) {
			words = append(words, strings.Join(strings.Fields(line), " "))
		}
		return words
	}
	has := func(want ...string) {
		t.Helper()
		got := stat()
		for _, line := range want {
			if !slices.Contains(got, line) {
				t.Errorf("%q without %q", got, line)
			}
		}
	}
	has("kind stream", "stream lossy, 0 items, 0 items/s", "ring 0 of 4 slots on loan, writers waited 0 times, 0s", "group workers, 0 behind")
	publish(3)
	if _, err := member.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	publish(4)
	if _, err := s.Loan(t.Context()); err != nil {
		t.Fatal(err)
	}
	has("ring 1 of 4 slots on loan, writers waited 0 times, 0s", "reader slot 0, 0 items, 0 in hand, 7 behind, 0 missed",
		"group workers, 6 behind", "member of workers, slot 0, 1 items, 1 in hand, 0 missed", "writer slot 0, 7 items")
	s.Close()
	if got := strings.Join(stat(), "\n"); !strings.Contains(got, "stream lossy, 7 items, ended, ") || strings.Contains(got, "writer slot") {
		t.Errorf("after the end:\n%s", got)
	}
}

// TestExport looks whether an exported array is what np.save writes: a header, the elements, and nothing more.
func TestExport(t *testing.T) {
	t.Setenv("SAMEBYTES_DIR", t.TempDir())
	program := filepath.Join(t.TempDir(), "samebytes")
	if out, err := exec.Command("go", "build", "-o", program, "../cmd/samebytes").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, opts := range map[string][]shm.CreateOption{"c": nil, "f": {shm.Fortran()}, "grows": {shm.Capacity(100)}} {
		a, err := shm.Create[int16](name, []int{2, 3}, opts...)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		for i := range 6 {
			a.Set(int16(i), i/3, i%3)
		}
		path := filepath.Join(t.TempDir(), "out.npy")
		if out, err := exec.Command(program, "export", name, path).CombinedOutput(); err != nil || len(out) > 0 {
			t.Fatalf("%v\n%s", err, out)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		if err := npy.Write(&want, a.Array); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(content, want.Bytes()) || len(content) != 128+12 {
			t.Errorf("%s: exported %q, want %q", name, content, want.Bytes())
		}
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Join(os.Getenv("SAMEBYTES_DIR"), "c"), link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"c", "f"} {
		out, err := exec.Command(program, "export", name, link).CombinedOutput()
		if err == nil || !strings.Contains(string(out), `found the array "c"`) {
			t.Errorf("export %s over a segment: %v, %s", name, err, out)
		}
	}
	if _, err := shm.Stat("c"); err != nil {
		t.Error(err)
	}
	if err := exec.Command(program, "export", "none", filepath.Join(t.TempDir(), "out.npy")).Run(); err.(*exec.ExitError).ExitCode() != 3 {
		t.Errorf("export what is not there: %v, want exit code 3", err)
	}
}

// TestChecksumOf looks at checksums of a pipe, of names that a terminal would obey, and at those that nobody gets.
func TestChecksumOf(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("SAMEBYTES_DIR", dir)
	program := filepath.Join(dir, "samebytes")
	if out, err := exec.Command("go", "build", "-o", program, "../cmd/samebytes").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	a := ndarray.Arange(int8(0), 3, 1)
	var file bytes.Buffer
	if err := npy.Write(&file, a); err != nil {
		t.Fatal(err)
	}
	sum := npy.Checksum(a.Any())

	cmd := exec.Command(program, "checksum", "/dev/stdin")
	cmd.Stdin = io.MultiReader(&file) // a pipe
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != fmt.Sprintf("%x  /dev/stdin\n", sum) {
		t.Errorf("of a pipe: %v, %s", err, out)
	}

	path := filepath.Join(dir, "a.npz")
	if err := npy.CreateZip(path, func(z *npy.ZipWriter) error { return z.Add("x\n\x1b[31m", a) }); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("%x  %q\n", sum, path+": x\n\x1b[31m.npy")
	if out, err := exec.Command(program, "checksum", path).CombinedOutput(); err != nil || string(out) != want {
		t.Errorf("of a name: %v, got %q, want %q", err, out, want)
	}
	archive, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(program, "checksum", "/dev/stdin")
	cmd.Stdin = io.MultiReader(bytes.NewReader(archive))
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "regular file") {
		t.Errorf("of an archive in a pipe: %v, %s", err, out)
	}

	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	for _, args := range [][]string{{"checksum", path}, {"checksum", "--json", path}} {
		cmd := exec.Command(program, args...)
		cmd.Stdout = full
		if err := cmd.Run(); cmd.ProcessState.ExitCode() != 1 {
			t.Errorf("%q to a full device: %v, want exit code 1", args, err)
		}
	}
}
