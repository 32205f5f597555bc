package main

import (
	"time"

	"github.com/samebytes/samebytes/ndarray"
)

// loops measures ndarray.Add beside the loop that one would write by hand for the same arrays, on one goroutine. Each is made once
// a round. The samples are seconds for one element of the result.
func loops(p plan) map[string][]float64 {
	defer ndarray.SetWorkers(ndarray.SetWorkers(1))
	samples := map[string][]float64{}
	for range p.most {
		for _, l := range addLoops() {
			samples["hand_"+l.key] = append(samples["hand_"+l.key], timeLoop(l.hand, l.elements))
			samples[l.key] = append(samples[l.key], timeLoop(l.call, l.elements))
		}
	}
	return samples
}

type addLoop struct {
	key        string
	elements   int
	hand, call func()
}

func timeLoop(once func(), elements int) float64 {
	once() // touches the memory
	repeat := max(1, 2_000_000/elements)
	start := time.Now()
	for range repeat {
		once()
	}
	return time.Since(start).Seconds() / float64(repeat) / float64(elements)
}

// The arrays take 0.7 MiB or less each, which a core's cache holds: memory would hide what the loops cost.
func addLoops() []addLoop {
	const side = 300
	target, square := ndarray.New[float64](side, side), ndarray.New[float64](side, side)
	row, column := ndarray.New[float64](side), ndarray.New[float64](side, 1)
	even := target.Slice(ndarray.All, ndarray.Step(0, ndarray.End, 2))
	odd := target.Slice(ndarray.All, ndarray.Step(1, ndarray.End, 2))
	loops := []addLoop{
		{"contiguous", side * side, func() {
			d, x := target.Data(), square.Data()
			for i := range d {
				d[i] += x[i]
			}
		}, func() { ndarray.Add(target, target, square) }},
		{"row_column", side * side, func() {
			d := target.Data()
			for i, y := range column.Data() {
				to := d[i*side : i*side+side]
				for j, x := range row.Data() {
					to[j] = x + y
				}
			}
		}, func() { ndarray.Add(target, row, column) }},
		{"every_second", side * side / 2, func() {
			d := target.Data()
			for i := range side {
				to := d[i*side : i*side+side]
				for j := 0; j < side; j += 2 {
					to[j] += to[j+1]
				}
			}
		}, func() { ndarray.Add(even, even, odd) }},
		{"transposed", side * side, func() {
			to, d := target.Data(), square.Data()
			for i := range side {
				for j := range side {
					to[i*side+j] = d[i*side+j] + d[j*side+i]
				}
			}
		}, func() { ndarray.Add(target, square, square.T()) }},
	}
	for _, narrow := range []struct {
		key   string
		width int
	}{{"rows_of_3", 3}, {"rows_of_16", 16}, {"rows_of_64", 64}} {
		width := narrow.width
		rows := side * side / width
		table, few := ndarray.New[float64](rows, width), ndarray.New[float64](width)
		loops = append(loops, addLoop{narrow.key, rows * width, func() {
			d, f := table.Data(), few.Data()
			for i := range rows {
				to := d[i*width : i*width+width]
				for j, x := range f {
					to[j] += x
				}
			}
		}, func() { ndarray.Add(table, table, few) }})
	}
	return loops
}
