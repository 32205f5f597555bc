package shm

import "testing"

// A group of the dead is freed when there is no free port, and whoever was to join it makes another.
func TestGroupOfTheDeadWithoutFreePorts(t *testing.T) {
	s := testStream(t, 4, Ports(2))
	dead, err := s.Reader(InGroup("all"))
	if err != nil {
		t.Fatal(err)
	}
	dead.port.own(ownedByNobody)
	r, err := s.Reader(InGroup("all"))
	if err != nil {
		t.Fatal(err)
	}
	g, err := s.mapping.groupOf(r.port)
	if err != nil || g == r.port || g.Role != roleGroup || g.Owner != ownedByMembers || g.From != 1 {
		t.Errorf("%+v, %v", g, err)
	}
}

// Who sweeps a group may die after it has freed the group's own port: what its members had then holds nobody up, and is not given to a
// group that has the row later.
func TestGroupSweptByOneThatDied(t *testing.T) {
	for _, again := range []bool{false, true} {
		s := testStream(t, 4)
		publishItems(t, s, 1)
		before, err := s.Reader() // whose row the other group's member gets
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Reader(InGroup("old"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		g, err := s.mapping.groupOf(r.port)
		if err != nil {
			t.Fatal(err)
		}
		g.own(0)
		r.port.own(ownedByNobody)
		before.Close() // fails only with the file
		if again {
			publishItems(t, s, 1)
			r, err := s.Reader(InGroup("new"), FromLatest())
			if err != nil {
				t.Fatal(err)
			}
			if it, err := r.Next(t.Context()); err != nil || it.Number != 2 {
				t.Error(it, err)
			}
			if it, err := r.TryNext(); it != nil || err != nil {
				t.Error(it, err)
			}
			if r.Close(); r.port != nil {
				t.Error("expected a reader without a port")
			}
		}
		publishSoon(t, s, 10)
		s.Close()
	}
}
