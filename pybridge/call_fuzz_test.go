package pybridge

import (
	"context"
	"errors"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/pybridge/internal/wire"
	"github.com/samebytes/samebytes/shm"
)

// FuzzCall has a client send anything as a call, and a worker send anything as an answer: it is an error or a value, and no segment
// is left.
func FuzzCall(f *testing.F) {
	s := NewServer()
	s.Handle("any", func(v any) any { return v })
	s.Handle("sum", func(a *ndarray.Array[float64], k float64) float64 { return k * ndarray.Sum(a) })
	s.Handle("shape", func(ctx context.Context, a *ndarray.Any, names map[string][]int) []int { return a.Shape() })
	s.Handle("give", func(o *Object, f func(int) (int, error)) (*Object, error) { return o, nil })
	const nslots, slotSize = 4, 1 << 10
	l := newLink(nil, make([]byte, slotsAt+2*nslots*slotSize), nslots, slotSize, true)
	l.objects.server = s
	l.cause.Store(&ErrClosed) // nobody takes what is sent
	call := func(function string, args ...any) []byte {
		b, err := appendCall(nil, &wire.Encoder{Array: appendArray, Object: l.objects.append, Depth: argumentDepth}, target{name: function}, args)
		if err != nil {
			f.Fatal(err)
		}
		return b
	}
	f.Setenv("SAMEBYTES_DIR", f.TempDir())
	a, err := shm.Create[float64]("x", []int{3})
	if err != nil {
		f.Fatal(err)
	}
	defer a.Close()
	f.Add(call("any", []any{1, "x", 2.5, a, nil}))
	f.Add(call("any", ReadOnly(a)))
	f.Add(call("any", 1, Kw{"a": 1}))
	f.Add(call("sum", a, 2))
	f.Add(call("shape", a, map[string][]int{"a": {1, 2}}))
	f.Add(call("give", func(int) {}, func(int) {}))
	f.Add(call("nix"))
	f.Add(appendError(nil, &RemoteError{"ValueError", "no", "trace"}))
	f.Fuzz(func(t *testing.T, payload []byte) {
		answer, err := s.call(t.Context(), l, newLogger(nil, 0), callHead{value: payload}, items{})
		var remote *RemoteError
		if errors.As(err, &remote) && remote.Type == "panic" {
			t.Fatal(err)
		}
		if err == nil {
			l.takeBack(answer)
		}
		arrays := borrowed{traffic: new(traffic)}
		defer arrays.close()
		l.decoder.Array = arrays.array
		for _, k := range []kind{kindResult, kindError} {
			var into any
			err := message{kind: k, payload: payload}.result(l, &into)
			if k == kindError && err == nil {
				t.Fatal("no error")
			}
			message{kind: k, payload: payload}.result(l, new(map[string]*ndarray.Array[float64]))
			message{kind: k, payload: payload}.result(l, nil)
		}
		all, err := shm.List()
		if err != nil || len(all) != 1 {
			t.Fatalf("%d segments, %v", len(all), err)
		}
	})
}
