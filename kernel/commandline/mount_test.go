package commandline

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mewz/abi"
)

func TestMounts(t *testing.T) {
	mounts, others, err := Mounts([]string{"quiet", "dir=files::/data/:rw", "volume=a:b::/disk:ro", "dir=x::/", "volume=files::.", "ip=10.0.0.2/8"})
	want := []abi.Mount{
		{Kind: abi.MountShare, Tag: "files", Guest: "/data"},
		{Kind: abi.MountVolume, Tag: "a:b", Guest: "/disk", ReadOnly: true},
		{Kind: abi.MountShare, Tag: "x", Guest: "/"},
		{Kind: abi.MountVolume, Tag: "files", Guest: "."},
	}
	if diff := cmp.Diff(want, mounts); err != nil || diff != "" || !slices.Equal(others, []string{"quiet", "ip=10.0.0.2/8"}) {
		t.Errorf("Mounts: %v, others %q (-want +got):\n%s", err, others, diff)
	}
	for line, want := range map[string]string{
		"dir=":                             `"dir=" is malformed: write dir=TAG::/data or dir=TAG::/data:ro`,
		"dir=files":                        "is malformed",
		"dir=files:/data":                  "is malformed",
		"dir=::/data":                      "is malformed",
		"dir=files::":                      "is malformed",
		"dir=files:::ro":                   "is malformed",
		"volume=a::b::c":                   `"volume=a::b::c" is malformed: write volume=SERIAL::/data or`,
		"dir=a::/x volume=a::/x/":          `"volume=a::/x/": the program finds something else as "/x"`,
		"dir=a::/x dir=a::/y":              `"dir=a::/y": "a" is mounted already`,
		"dir=" + strings.Repeat("a", 5000): "is malformed",
	} {
		if _, _, err := Mounts(strings.Fields(line)); err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 300 {
			t.Errorf("Mounts(%.50q): %v, want %q", line, err, want)
		}
	}
}
