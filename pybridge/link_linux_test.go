package pybridge

import "testing"

// TestNudgeAfterTheEnd has a context end when its call is over, and the memory of the link gone.
func TestNudgeAfterTheEnd(t *testing.T) {
	file, memory, err := newMemory()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	conn, other, err := socketPair()
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	l := newLink(conn, memory, slots, slotSize, true)
	l.end(ErrClosed)
	<-l.left
	l.nudge()
}
