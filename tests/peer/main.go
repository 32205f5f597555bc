// Command peer is the Go side of the Python tests in tests: it does to a segment what its arguments say.
//
//	peer describe NAME DTYPE         print shape, strides in elements and elements in C order, as JSON
//	peer scale    NAME DTYPE FACTOR  multiply the elements in place, by gonum where it can, and publish
//	peer create   NAME DTYPE C|F N.. create a shape of N.. with elements 0, 1, 2... in C order
//	peer handle    NAME DTYPE        print a handle of it, as JSON
//	peer temporary -    DTYPE N      create a temporary array 0, 1 ... N-1, and print a handle of it
//	peer open      JSON DTYPE FACTOR open a handle, print what describe does, and do as scale
//	peer answer   NAME ROUNDS        ROUNDS times: wait, double every element, publish
//	peer ask      NAME ROUNDS        ROUNDS times: add one to every element, publish, wait for the answer
//	peer hold     NAME KIND RANGE..  lock boxes of rows, each "all" or A:B, by lock, rlock or recover; say "held"; unlock at a line of input
//	peer count    NAME ROUNDS        ROUNDS times: lock the whole array and add one to its first element
//	peer increment NAME ROUNDS       ROUNDS times: lock the whole array and add one to all its elements
//	peer work     NAME ORACLE        lock and check until killed: see work.go
//	peer flow     STREAM ORACLE ROLE N write, read or share a stream, as worker N, and check until killed: see flow.go
//	peer zip      FROM TO ALIGN LEVEL read all arrays of an .npz archive, and write them to another
//
// And to sync objects, of which see sync.go:
//
//	peer make      KIND NAME N     create one, with N permits or parties, or the value N
//	peer keep      KIND NAME N     lock or acquire it N times; say "held", or "died"; at a line of input release it, and say "free"
//	peer mutex     NAME X ROUNDS   ROUNDS times: lock it and add one to the first element of X
//	peer semaphore NAME X ROUNDS   ROUNDS times: acquire a permit, count in X who is inside, and release it
//	peer condition NAME X TURNS    TURNS times: wait until the first element of X is odd, add one, and notify one
//	peer await     NAME            wait for a condition, and say "notified"
//	peer notify    NAME N          notify N of those that wait for a condition
//	peer barrier   NAME ROUNDS     ROUNDS times: wait at it, and say how many had come before, or "broken"
//	peer event     NAME wait|set   wait for it, and say "set"; or set it
//	peer counter   NAME ROUNDS N   ROUNDS times: add one; then wait until it is N or more, and say what it is
//
// And to streams of int64, of which see stream.go:
//
//	peer stream    NAME SLOTS N [lossy]  create one whose items are N long
//	peer publish   NAME WRITER N BATCH   publish N items, so many at once, each filled with WRITER<<32 + its count from 1; close it
//	peer consume   NAME START [GROUP]    read to the end from START, oldest, latest or next; print what was read and missed, as JSON
//	peer lend      NAME                  take a slot on loan and fill it with -1, say "lent", and publish it at a line of input
//	peer item      NAME [GROUP]          say the number of the next item that is taken, and release it at a line of input
//
// And to no segment:
//
//	peer parse                     print the .npy header of each line of input, which is in hexadecimal, as JSON
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strconv"

	"gonum.org/v1/gonum/floats"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
	"github.com/samebytes/samebytes/shm"
)

func main() {
	log.SetFlags(0)
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		log.Fatal(err)
	}
}

func run(verb string, args []string) error {
	switch verb {
	case "answer":
		return answer(args[0], number(args[1]))
	case "ask":
		return ask(args[0], number(args[1]))
	case "hold":
		return hold(args[0], args[1], args[2:])
	case "count":
		return addUnderLock(args[0], number(args[1]), func(x []float64) { x[0]++ })
	case "increment":
		return addUnderLock(args[0], number(args[1]), func(x []float64) { floats.AddConst(1, x) })
	case "work":
		return work(args[0], args[1])
	case "flow":
		return flow(args[0], args[1], args[2], number(args[3]))
	case "zip":
		return rezip(args[0], args[1], npy.ZipFormat{Format: npy.Format{Align: number(args[2])}, Level: number(args[3])})
	case "make":
		return makeObject(args[0], args[1], number(args[2]))
	case "keep":
		return keep(args[0], args[1], number(args[2]))
	case "mutex":
		return addUnder(args[0], args[1], number(args[2]))
	case "semaphore":
		return enter(args[0], args[1], number(args[2]))
	case "condition":
		return takeTurns(args[0], args[1], number(args[2]))
	case "await":
		return await(args[0])
	case "notify":
		return notify(args[0], number(args[1]))
	case "barrier":
		return meet(args[0], number(args[1]))
	case "event":
		return event(args[0], args[1])
	case "parse":
		return parse()
	case "stream":
		return makeStream(args[0], number(args[1]), number(args[2]), len(args) > 3)
	case "publish":
		return publish(args[0], int64(number(args[1])), number(args[2]), number(args[3]))
	case "consume":
		return consume(args[0], args[1], args[2:])
	case "lend":
		return lend(args[0])
	case "item":
		return holdItem(args[0], args[1:])
	case "counter":
		return counter(args[0], number(args[1]), number(args[2]))
	}
	run := byDType[args[1]]
	if run == nil {
		return fmt.Errorf("no dtype %q", args[1])
	}
	return run(verb, args[0], args[2:])
}

// number is for arguments that the tests wrote.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		log.Fatal(err)
	}
	return n
}

var byDType = map[string]func(verb, name string, args []string) error{
	"int8": do[int8], "int16": do[int16], "int32": do[int32], "int64": do[int64],
	"uint8": do[uint8], "uint16": do[uint16], "uint32": do[uint32], "uint64": do[uint64],
	"float32": do[float32], "float64": do[float64],
}

type real interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

func do[T real](verb, name string, args []string) error {
	switch verb {
	case "create":
		return create[T](name, args[0] == "F", args[1:])
	case "temporary":
		return temporary[T](number(args[0]))
	case "open":
		return openHandle(name, T(number(args[0])))
	}
	a, err := shm.Attach[T](name)
	if err != nil {
		return err
	}
	defer a.Close()
	switch verb {
	case "describe":
		return describe(a)
	case "handle":
		return printHandle(a)
	}
	return scale(a, T(number(args[0])))
}

func describe[T real](a *shm.Array[T]) error {
	elements := []any{} // not []T: bytes would become a string
	for _, v := range a.Copy().Data() {
		elements = append(elements, v)
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"shape": a.Shape(), "strides": a.Strides(), "elements": elements})
}

func printHandle[T real](a *shm.Array[T]) error {
	h, err := a.Handle()
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(h)
}

func temporary[T real](n int) error {
	a, err := shm.New[T]([]int{n})
	if err != nil {
		return err
	}
	defer a.Close()
	for i := range n {
		a.Set(T(i), i)
	}
	return printHandle(a)
}

func openHandle[T real](text string, factor T) error {
	h, err := shm.ParseHandle([]byte(text))
	if err != nil {
		return err
	}
	a, err := shm.Open[T](h)
	if err != nil {
		return err
	}
	defer a.Close()
	if err := describe(a); err != nil {
		return err
	}
	return scale(a, factor)
}

func create[T real](name string, fortran bool, args []string) error {
	var shape []int
	for _, n := range args {
		shape = append(shape, number(n))
	}
	var opts []shm.CreateOption
	if fortran {
		opts = append(opts, shm.Fortran())
	}
	a, err := shm.Create[T](name, shape, opts...)
	if err != nil {
		return err
	}
	defer a.Close()
	n := T(0)
	each(a.Shape(), func(ix []int) {
		a.Set(n, ix...)
		n++
	})
	return nil
}

func scale[T real](a *shm.Array[T], factor T) error {
	if f, ok := any(a.Array).(*ndarray.Array[float64]); ok && f.NDim() == 2 && f.Contiguous() && f.Len() > 0 {
		m, err := ndarray.Dense(f)
		if err != nil {
			return err
		}
		m.Scale(float64(factor), m)
	} else {
		each(a.Shape(), func(ix []int) { a.Set(a.At(ix...)*factor, ix...) })
	}
	_, err := a.Publish()
	return err
}

// each calls f with every index of the shape, in C order.
func each(shape []int, f func(ix []int)) {
	n, _, err := ndarray.Size(shape, 1)
	if err != nil {
		log.Fatal(err)
	}
	ix := make([]int, len(shape))
	for i := range n {
		for k, rest := len(shape)-1, i; k >= 0; k-- {
			ix[k], rest = rest%shape[k], rest/shape[k]
		}
		f(ix)
	}
}

func answer(name string, rounds int) error {
	a, err := shm.Attach[float64](name)
	if err != nil {
		return err
	}
	defer a.Close()
	fmt.Println("ready")
	for v := uint64(0); rounds > 0; rounds-- {
		if v, err = a.Wait(context.Background(), v); err != nil {
			return err
		}
		floats.Scale(2, a.Data())
		if v, err = a.Publish(); err != nil {
			return err
		}
	}
	return nil
}

func ask(name string, rounds int) error {
	a, err := shm.Attach[float64](name)
	if err != nil {
		return err
	}
	defer a.Close()
	for range rounds {
		floats.AddConst(1, a.Data())
		v, err := a.Publish()
		if err != nil {
			return err
		}
		if _, err := a.Wait(context.Background(), v); err != nil {
			return err
		}
	}
	return nil
}

func rezip(from, to string, format npy.ZipFormat) error {
	in, err := npy.OpenZip(from)
	if err != nil {
		return err
	}
	defer in.Close()
	return npy.CreateZip(to, func(out *npy.ZipWriter) error {
		out.Format = format
		for _, name := range in.Names() {
			a, err := in.ReadAny(name)
			if err != nil {
				return err
			}
			if err := out.AddAny(name, a); err != nil {
				return err
			}
		}
		return nil
	})
}
