package pybridge

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
)

// TestObjectsOfTheCorpus parses the objects that both languages agree on.
func TestObjectsOfTheCorpus(t *testing.T) {
	text, err := os.ReadFile("../tests/conformance/values.json")
	if err != nil {
		t.Fatal(err)
	}
	var corpus struct {
		Cases []struct {
			Name  string
			Hex   any
			Value any
		}
	}
	if err := json.Unmarshal(text, &corpus); err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, c := range corpus.Cases {
		object, ok := c.Value.(map[string]any)
		if !ok || !strings.Contains(c.Name, "of the sender's") && !strings.Contains(c.Name, "of the receiver's") {
			continue
		}
		payload, err := hex.DecodeString(object["object"].(string))
		if err != nil {
			t.Fatal(err)
		}
		owner, number, name, err := parseObject(payload)
		switch {
		case err != nil:
			t.Error(c.Name, err)
		case owner == ofSender && number == 7 && name == "Counter_", owner == ofReceiver && number == 258 && name == "":
			found++
		default:
			t.Error(c.Name, owner, number, name)
		}
	}
	if found != 2 {
		t.Errorf("found %d objects", found)
	}
}

// FuzzCalls gives a server calls of any bytes: results or errors, and no panic.
func FuzzCalls(f *testing.F) {
	for _, seed := range []string{
		"93a36164649201028080", "93a361646492010280", "93920ba3616464900280", "93a4646963749080", "9392cf00000000000000aba361646490", "93a376616c91d40400", "93a376616c91c70904010201000000000000",
		"93a466756e6391c71104000700000000000000436f756e7465725f80", "93a56974656d739080",
	} {
		b, err := hex.DecodeString(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	s := NewServer()
	s.Handle("add", func(a, b int64) int64 { return a + b })
	s.Handle("val", func(v any) any { return v })
	s.Handle("func", func(g func(int) int) int { return 0 })
	s.Handle("items", func() func(func(int) bool) { return func(yield func(int) bool) { yield(1) } })
	s.Objects()
	memory := make([]byte, slotsAt+2*slots*slotSize)
	f.Fuzz(func(t *testing.T, b []byte) {
		l := newLink(nil, memory, slots, slotSize, true)
		l.cause.Store(&ErrClosed) // so that nothing is sent
		l.objects.server = s
		_, err := s.call(context.Background(), l, newLogger(nil, 0), callHead{value: b}, items{})
		var remote *RemoteError
		if errors.As(err, &remote) && remote.Type == "panic" {
			t.Fatal(remote)
		}
		l.objects.release(b)
	})
}
