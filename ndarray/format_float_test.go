package ndarray

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"testing"
)

// half returns the value of an IEEE 754 binary16 number.
func half(bits uint16) float64 {
	sign, exp, fraction := 1.0, int(bits>>10&31), float64(bits&1023)
	if bits>>15 != 0 {
		sign = math.Copysign(1, -1)
	}
	switch exp {
	case 0:
		return sign * math.Ldexp(fraction, -24)
	case 31:
		if fraction != 0 {
			return math.NaN()
		}
		return sign * math.Inf(1)
	}
	return sign * math.Ldexp(fraction+1024, exp-25)
}

// No element type of this package reaches the printer with 16 bits by itself; whoever has such elements gives it their values.
func TestPrintFloat16AsNumPy(t *testing.T) {
	text, err := os.ReadFile("../tests/conformance/print.json")
	if err != nil {
		t.Fatal(err)
	}
	var corpus struct {
		Cases []struct {
			Name, DType, Data string
			Shape             []int
			Options           PrintOptions
			Str, Repr         string
		}
	}
	if err := json.Unmarshal(text, &corpus); err != nil {
		t.Fatal(err)
	}
	replayed := 0
	for i, c := range corpus.Cases {
		if c.DType != "float16" {
			continue
		}
		raw, err := hex.DecodeString(c.Data)
		if err != nil {
			t.Fatal(err)
		}
		get := func(offset int) float64 { return half(uint16(raw[2*offset]) | uint16(raw[2*offset+1])<<8) }
		k := floatKinds[16]
		l := contiguousLayout(c.Shape, len(raw)/2)
		p := printable{
			layout: &l,
			dtype:  "float16",
			texts:  func(o PrintOptions) textsOf { return k.texts(get, o, false) },
			scalar: func(offset int) string { return k.scalar(get(offset), ".0") },
		}
		str, repr := p.str(c.Options), p.repr(c.Options.resolved())
		if str != c.Str || c.Repr != "" && repr != c.Repr {
			t.Errorf("case %d, %s: expected\n%s\n%s\nfound\n%s\n%s", i, c.Name, c.Str, c.Repr, str, repr)
		}
		replayed++
	}
	if replayed < 100 {
		t.Errorf("expected at least 100 cases, found %d", replayed)
	}
}
