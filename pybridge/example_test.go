package pybridge_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/samebytes/samebytes/pybridge"
)

// startExample starts a pool that serves the functions of a text.
func startExample(source string, serve *pybridge.Server) *pybridge.Pool {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "functions.py")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		log.Fatal(err)
	}
	python, err := filepath.Abs(interpreter)
	if err != nil {
		log.Fatal(err)
	}
	pool, err := pybridge.Start(context.Background(), pybridge.Python{File: file, Interpreter: python, Serve: serve})
	if err != nil {
		log.Fatal(err)
	}
	return pool
}

// A Go function is an argument like any other.
func ExamplePool_Call_function() {
	pool := startExample(`
def total(f, n):
    return sum(f(i) for i in range(n))
`, nil)
	defer pool.Close()
	var total int
	err := pool.Call(context.Background(), &total, "total", func(i int) int { return i * i }, 4)
	fmt.Println(total, err)
	// Output: 14 <nil>
}

func ExamplePool_New() {
	pool := startExample(`
class Line:
    def __init__(self, slope):
        self.slope = slope
    def at(self, x):
        return self.slope * x
`, nil)
	defer pool.Close()
	ctx := context.Background()
	line, err := pool.New(ctx, "Line", 2.5)
	if err != nil {
		log.Fatal(err)
	}
	defer line.Close()
	var y, slope float64
	fmt.Println(line.Call(ctx, &y, "at", 2), y)
	fmt.Println(line.Get(ctx, &slope, "slope"), slope)
	// Output:
	// <nil> 5
	// <nil> 2.5
}

func ExampleItems() {
	pool := startExample(`
def countdown(n):
    while n:
        yield n
        n -= 1
`, nil)
	defer pool.Close()
	for n, err := range pybridge.Items[int](context.Background(), pool, "countdown", 3) {
		fmt.Println(n, err)
	}
	// Output:
	// 3 <nil>
	// 2 <nil>
	// 1 <nil>
}

type account struct{ Balance int }

func (a *account) Deposit(amount int) { a.Balance += amount }

func ExampleServer_Expose() {
	srv := pybridge.NewServer()
	srv.Expose("Account", func() *account { return &account{} }, "An account.", "Deposit: Adds an amount.")
	pool := startExample(`
import samebytes as sb
def work():
    account = sb.caller().Account()
    account.deposit(50)
    return account.balance
`, srv)
	defer pool.Close()
	var balance int
	fmt.Println(pool.Call(context.Background(), &balance, "work"), balance)
	// Output: <nil> 50
}

func ExampleCallBack() {
	srv := pybridge.NewServer()
	srv.Handle("twice", func(ctx context.Context, text string) (string, error) {
		var quoted string
		err := pybridge.CallBack(ctx, &quoted, "quote", text)
		return quoted + quoted, err
	})
	pool := startExample(`
import samebytes as sb
def quote(text):
    return repr(text)
def work():
    return sb.caller().twice("x")
`, srv)
	defer pool.Close()
	var text string
	fmt.Println(pool.Call(context.Background(), &text, "work"), text)
	// Output: <nil> 'x''x'
}

func ExampleObjects_List() {
	objects := pybridge.NewServer().Objects()
	defer objects.Close()
	names, err := objects.List("names")
	if err != nil {
		log.Fatal(err)
	}
	var all []string
	fmt.Println(names.Append("first"))
	fmt.Println(names.Append("last"))
	fmt.Println(names.Values(&all), all)
	// Output:
	// <nil>
	// <nil>
	// <nil> [first last]
}

func ExampleServer_Objects() {
	srv := pybridge.NewServer()
	objects := srv.Objects()
	defer objects.Close()
	pool := startExample(`
import samebytes as sb
def work():
    settings = sb.caller().dict("settings")
    settings["rate"] *= 2
    sb.caller().queue("jobs").put("job")
`, srv)
	defer pool.Close()
	settings, err := objects.Dict("settings")
	if err != nil {
		log.Fatal(err)
	}
	jobs, err := objects.Queue("jobs", 0)
	if err != nil {
		log.Fatal(err)
	}
	var rate int
	var job string
	fmt.Println(settings.Set("rate", 3))
	fmt.Println(pool.Call(context.Background(), nil, "work"))
	fmt.Println(settings.Get("rate", &rate))
	fmt.Println(jobs.Get(context.Background(), &job))
	fmt.Println(rate, job)
	// Output:
	// <nil>
	// <nil>
	// true <nil>
	// <nil>
	// 6 job
}
