package linuxabi

import "testing"

func TestCallTable(t *testing.T) {
	last := uintptr(0)
	for i, c := range Calls() {
		if c.Missing || c.Name == "" || c.Sentence == "" || c.Support < Full || c.Support > Refused {
			t.Errorf("entry %d (%s) is not complete", i, c.Name)
		}
		if i > 0 && c.Number <= last {
			t.Errorf("%s: number %d comes after %d", c.Name, c.Number, last)
		}
		last = c.Number
	}
	if callCount > 255 {
		t.Errorf("%d calls do not fit the index of bytes", callCount)
	}
}

func TestCallIndex(t *testing.T) {
	startCalls()
	for i := range callCount {
		number := callAt(i).number
		if number >= sysNumberCommit {
			if got := uintptr(privateIndex[number-sysNumberCommit]); got != i+1 {
				t.Errorf("privateIndex[%d] = %d, want %d", number-sysNumberCommit, got, i+1)
			}
		} else if uintptr(callIndex[number]) != i+1 {
			t.Errorf("callIndex[%d] = %d, want %d", number, callIndex[number], i+1)
		}
	}
	th := new(thread)
	if got := dispatch(th, 511); got != enosys {
		t.Errorf("dispatch(511) = %d, want ENOSYS", int(got))
	}
	if got := dispatch(th, 1<<40); got != enosys {
		t.Errorf("dispatch(1<<40) = %d, want ENOSYS", int(got))
	}
}
