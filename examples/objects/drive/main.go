// Command drive is the program of docs/howto/objects.md that uses Python's objects.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/samebytes/samebytes/pybridge"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	pool, err := pybridge.Start(ctx, pybridge.Python{File: "examples/objects/model.py"})
	if err != nil {
		return err
	}
	defer pool.Close()

	model, err := pool.New(ctx, "Model", 0.5)
	if err != nil {
		return err
	}
	defer model.Close()
	for loss, err := range pybridge.Items[float64](ctx, model, "fit", 3) {
		if err != nil {
			return err
		}
		fmt.Println("loss", loss)
	}

	var x float64
	parabola := func(x float64) float64 { return (x - 1) * (x - 1) }
	if err := pool.Call(ctx, &x, "minimum", parabola, -5.0, 5.0); err != nil {
		return err
	}
	fmt.Printf("least at %.3f\n", x)
	return nil
}
