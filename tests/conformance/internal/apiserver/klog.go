package apiserver

import (
	"flag"
	"io"
	"strconv"

	"k8s.io/klog/v2"
)

// LogTo sends kube-apiserver's own log there at that -v; at 6 it tells of every call to a plugin. Call once,
// before any Load.
func LogTo(writer io.Writer, verbosity int) error {
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	for name, value := range map[string]string{
		"logtostderr": "false", "alsologtostderr": "false", "stderrthreshold": "FATAL", "v": strconv.Itoa(verbosity),
	} {
		if err := flags.Set(name, value); err != nil {
			return err
		}
	}
	klog.SetOutput(writer)
	return nil
}
