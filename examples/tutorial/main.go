// Command tutorial is the worker of docs/tutorial.md: it centres the columns of an array that Python has published.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"time"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

func main() {
	pause := flag.Duration("pause", 0, "how long to rest after each column")
	flag.Parse()
	if err := work(context.Background(), *pause); err != nil {
		log.Fatal(err)
	}
}

func work(ctx context.Context, pause time.Duration) error {
	prices, err := shm.Attach[float64]("prices")
	if err != nil {
		return err
	}
	defer prices.Close()
	version := prices.Version()
	fmt.Println("attached at version", version)
	for {
		if version, err = prices.Wait(ctx, version); err != nil { // sleeps until somebody publishes
			return err
		}
		fmt.Println("version", version, "is there")
		if err := centre(ctx, prices, pause); err != nil {
			return err
		}
		fmt.Println("centred it")
		if version, err = prices.Publish(); err != nil {
			return err
		}
	}
}

// centre takes from each column its mean, in place.
func centre(ctx context.Context, prices *shm.Array[float64], pause time.Duration) error {
	held, err := prices.Lock(ctx) // the whole array
	if err != nil {
		return err
	}
	defer held.Unlock()
	m, err := ndarray.Dense(prices.Array) // a gonum matrix over the same bytes
	if err != nil {
		return err
	}
	rows, columns := m.Dims()
	for j := range columns {
		mean := stat.Mean(mat.Col(nil, j, m), nil)
		for i := range rows {
			m.Set(i, j, m.At(i, j)-mean)
		}
		time.Sleep(pause)
	}
	return nil
}
