// Package emulated lets tests know that they run under an emulator of another processor, qemu-user, as `make test` has them do
// for arm64. It stands between them and the kernel, and lacks some of what the kernel does: lists of locks that are freed when
// their holder is killed, starting programs of the emulated processor, sizes of addresses and huge pages.
package emulated

import (
	"os"
	"testing"
)

// Is reports whether the process is emulated, which the environment says.
func Is() bool { return os.Getenv("SAMEBYTES_EMULATED") != "" }

// Skip skips a test that an emulator cannot run, for a reason.
func Skip(t testing.TB, reason string) {
	t.Helper()
	if Is() {
		t.Skip("under an emulator: " + reason)
	}
}
