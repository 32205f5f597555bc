package main

import (
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

// rows and columns of the matrix whose elements are read: 128 KiB, which the caches hold.
const side = 128

var sum float64 // where results go, so that the compiler keeps the loops

// access measures what one does with a segment besides computing. Each measurement is made once a round, one after the
// other, so that whatever disturbs the machine disturbs all alike. The samples are seconds for one operation.
func access(name string, p plan) (map[string][]float64, error) {
	data := make([]float64, side*side)
	two, err := ndarray.FromSlice(data, side, side)
	if err != nil {
		return nil, err
	}
	three, err := ndarray.FromSlice(data, 2, side/2, side)
	if err != nil {
		return nil, err
	}
	open, err := shm.Attach[float64](name)
	if err != nil {
		return nil, err
	}
	path := open.Path()
	if err := open.Close(); err != nil {
		return nil, err
	}
	dense := mat.NewDense(side, side, data)
	samples := map[string][]float64{}
	for range p.most {
		for _, m := range []struct {
			key     string
			measure func() (float64, error)
		}{
			{"go_attach_bare", func() (float64, error) { return timeBare(path) }},
			{"go_attach", func() (float64, error) { return timeAttachCold(name) }},
			{"go_attach_warm", func() (float64, error) { return timeAttach(name) }},
			{"go_attach_again", func() (float64, error) { return timeAttachAgain(name) }},
			{"go_publish", func() (float64, error) { return timePublish(name) }},
			{"go_element_slice", func() (float64, error) { return timeElements(func() { sum += sumSlice(data) }), nil }},
			{"go_element_gonum", func() (float64, error) { return timeElements(func() { sum += sumDense(dense) }), nil }},
			{"go_element", func() (float64, error) { return timeElements(func() { sum += sumArray(two) }), nil }},
			{"go_element3", func() (float64, error) { return timeElements(func() { sum += sumArray3(three) }), nil }},
		} {
			seconds, err := m.measure()
			if err != nil {
				return nil, err
			}
			samples[m.key] = append(samples[m.key], seconds)
		}
	}
	return samples, nil
}

const batch = 64 // operations between two looks at the clock

const warm = 64 << 20 // bytes that stay mapped by default

// timeAttachCold attaches what the process has not mapped.
func timeAttachCold(name string) (float64, error) {
	if err := shm.SetWarm(0); err != nil {
		return 0, err
	}
	defer shm.SetWarm(warm)
	return timeAttach(name)
}

// timeAttach attaches what the process has had open before, and reads an element; closing is not timed.
func timeAttach(name string) (float64, error) {
	var took time.Duration
	for range batch {
		start := time.Now()
		a, err := shm.Attach[float64](name)
		if err != nil {
			return 0, err
		}
		sum += a.At(0)
		took += time.Since(start)
		if err := a.Close(); err != nil {
			return 0, err
		}
	}
	return took.Seconds() / batch, nil
}

// timeAttachAgain does the same while the process has it mapped.
func timeAttachAgain(name string) (float64, error) {
	a, err := shm.Attach[float64](name)
	if err != nil {
		return 0, err
	}
	defer a.Close()
	return timeAttach(name)
}

// timePublish publishes while nobody waits.
func timePublish(name string) (float64, error) {
	a, err := shm.Attach[float64](name)
	if err != nil {
		return 0, err
	}
	defer a.Close()
	start := time.Now()
	for range batch {
		if _, err := a.Publish(); err != nil {
			return 0, err
		}
	}
	return time.Since(start).Seconds() / batch, nil
}

// timeElements returns the seconds for one element of a sum over side*side.
func timeElements(once func()) float64 {
	start := time.Now()
	for range batch {
		once()
	}
	return time.Since(start).Seconds() / batch / (side * side)
}

// The loops are written out, since a closure around the access would keep it from being inlined.

func sumSlice(data []float64) (s float64) {
	for i := 0; i < side; i++ {
		for j := 0; j < side; j++ {
			s += data[i*side+j]
		}
	}
	return s
}

func sumDense(m *mat.Dense) (s float64) {
	for i := 0; i < side; i++ {
		for j := 0; j < side; j++ {
			s += m.At(i, j)
		}
	}
	return s
}

func sumArray3(a *ndarray.Array[float64]) (s float64) {
	for i := 0; i < 2; i++ {
		for j := 0; j < side/2; j++ {
			for k := 0; k < side; k++ {
				s += a.At(i, j, k)
			}
		}
	}
	return s
}

func sumArray(a *ndarray.Array[float64]) (s float64) {
	for i := 0; i < side; i++ {
		for j := 0; j < side; j++ {
			s += a.At(i, j)
		}
	}
	return s
}
