package arm64

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestWords holds the words to the instructions that are named beside them, as GNU's disassembler reads them.
func TestWords(t *testing.T) {
	objdump, err := exec.LookPath("aarch64-linux-gnu-objdump")
	if err != nil {
		t.Skip("no aarch64-linux-gnu-objdump (Debian's package binutils-aarch64-linux-gnu)")
	}
	var code []byte
	var want []string
	for name, source := range Sources() {
		if !strings.HasSuffix(name, ".s") {
			continue
		}
		for _, m := range regexp.MustCompile(`WORD \$(\w+) // (.*)`).FindAllStringSubmatch(string(source), -1) {
			word, err := strconv.ParseUint(m[1], 0, 32)
			if err != nil {
				t.Fatal(err)
			}
			code = binary.LittleEndian.AppendUint32(code, uint32(word))
			want = append(want, m[2])
		}
	}
	file := filepath.Join(t.TempDir(), "code")
	if err := os.WriteFile(file, code, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(objdump, "-D", "-z", "-b", "binary", "-m", "aarch64", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	got := regexp.MustCompile(`(?m)^ +[0-9a-f]+:\t[0-9a-f]+ \t(.*)$`).FindAllStringSubmatch(string(out), -1)
	if len(want) == 0 || len(got) != len(want) {
		t.Fatalf("%d instructions of %d words", len(got), len(want))
	}
	for i := range want {
		if read := strings.Join(strings.Fields(got[i][1]), " "); read != want[i] {
			t.Errorf("%#x: got %s, want %s", code[4*i:4*i+4], read, want[i])
		}
	}
}
