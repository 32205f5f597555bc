//go:build linux

package shm_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/samebytes/samebytes/internal/emulated"
	"github.com/samebytes/samebytes/shm"
)

func namesIn(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestTemporaryGoesWithItsLast(t *testing.T) {
	emulated.Skip(t, "it starts no program of the processor that it emulates")
	dir := segments(t)
	a, err := shm.New[float64]([]int{3})
	if err != nil {
		t.Fatal(err)
	}
	a.Set(5, 1)
	c, out := startChild(t, "hold "+a.Name())
	if line, err := out.ReadString('\n'); err != nil || line != "5\n" {
		t.Fatalf("%q, %v", line, err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if got := namesIn(t, dir); !slices.Equal(got, []string{a.Name()}) {
		t.Fatalf("%v while another process has it", got)
	}
	if dead, err := shm.GC(false); err != nil || len(dead) != 0 {
		t.Fatalf("collected %v, %v, while a process has it", dead, err)
	}
	c.Process.Kill()
	c.Wait()
	dead, err := shm.GC(true)
	if err != nil || len(dead) != 1 || dead[0].Name != a.Name() || !dead[0].Temporary || len(namesIn(t, dir)) != 1 {
		t.Fatalf("dry run found %+v, %v, and left %v", dead, err, namesIn(t, dir))
	}
	if dead, err = shm.GC(false); err != nil || len(dead) != 1 || len(namesIn(t, dir)) != 0 {
		t.Fatalf("collected %+v, %v, and left %v", dead, err, namesIn(t, dir))
	}
}

func TestTemporaryIsDeletedByClose(t *testing.T) {
	dir := segments(t)
	a, err := shm.New[float64]([]int{3})
	if err != nil {
		t.Fatal(err)
	}
	b := attach[float64](t, a.Name())
	if err := a.Close(); err != nil || len(namesIn(t, dir)) != 1 {
		t.Fatalf("%v, left %v", err, namesIn(t, dir))
	}
	if err := b.Close(); err != nil || len(namesIn(t, dir)) != 0 {
		t.Fatalf("%v, left %v", err, namesIn(t, dir))
	}
}

func TestGCLeavesTheNamed(t *testing.T) {
	segments(t)
	create[float64](t, "x", []int{3}).Close()
	if dead, err := shm.GC(false); err != nil || len(dead) != 0 {
		t.Fatalf("collected %v, %v", dead, err)
	}
	if _, err := shm.Stat("x"); err != nil {
		t.Error(err)
	}
}

// TestStatTellsWhoHolds looks at participants and locks from outside.
func TestStatTellsWhoHolds(t *testing.T) {
	emulated.Skip(t, "it starts no program of the processor that it emulates")
	segments(t)
	a := create[float64](t, "x", []int{4, 3})
	g, err := a.RLock(background)
	if err != nil {
		t.Fatal(err)
	}
	c, out := startChild(t, "hold x")
	if _, err := out.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	info, err := shm.Stat("x")
	if err != nil {
		t.Fatal(err)
	}
	if len(info.Participants) != 2 || len(info.Locks) != 1 || info.Kind != "array" || info.Slots != 64 {
		t.Fatalf("%+v", info)
	}
	me, other := info.Participants[0], info.Participants[1]
	if me.PID != os.Getpid() || other.PID != c.Process.Pid || !me.Alive || !other.Alive || me.Language != "go" || !strings.HasSuffix(os.Args[0], me.Program) {
		t.Errorf("%+v", info.Participants)
	}
	if l := info.Locks[0]; l.State != "shared" || l.Row != me.Row || !l.Alive || fmt.Sprint(l.Box) != "[[0 4] [0 3]]" {
		t.Errorf("%+v", l)
	}
	unlock(t, g)
	c.Process.Kill()
	c.Wait()
	if info, err = shm.Stat("x"); err != nil || len(info.Locks) != 0 || info.Participants[1].Alive {
		t.Errorf("%+v, %v", info, err)
	}
}

func TestWarm(t *testing.T) {
	dir := segments(t)
	a := create[float64](t, "x", []int{3})
	a.Close()
	if len(mapped(t, dir)) != 1 {
		t.Errorf("not kept: %v", mapped(t, dir))
	}
	b := attach[float64](t, "x")
	b.Close()
	if err := shm.Delete("x"); err != nil || len(mapped(t, dir)) != 0 {
		t.Errorf("kept though deleted: %v, %v", mapped(t, dir), err)
	}
	for i := range 40 {
		create[float64](t, fmt.Sprint("y", i), []int{3}).Close()
	}
	if n := len(mapped(t, dir)); n != 32 {
		t.Errorf("%d kept, want 32", n)
	}
	if err := shm.SetWarm(0); err != nil || len(mapped(t, dir)) != 0 {
		t.Errorf("kept: %v, %v", mapped(t, dir), err)
	}
	create[float64](t, "z", []int{3}).Close()
	if len(mapped(t, dir)) != 0 {
		t.Errorf("kept though the limit is 0: %v", mapped(t, dir))
	}
	if shm.SetWarm(-1) == nil {
		t.Error("took a negative limit")
	}
}

func init() {
	// opens the segment, prints its second element, and holds it until killed.
	children["hold"] = func() {
		a, err := shm.Attach[float64](childArgs[0])
		if err != nil {
			panic(err)
		}
		fmt.Println(a.Data()[1])
		forever()
	}
}
