package apiserver

import (
	"flag"
	"io"

	"k8s.io/klog/v2"
)

// LogTo sends kube-apiserver's own log there at -v=6. Call once, before any Load.
func LogTo(writer io.Writer) error {
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	for name, value := range map[string]string{
		"logtostderr": "false", "alsologtostderr": "false", "stderrthreshold": "FATAL", "v": "6",
	} {
		if err := flags.Set(name, value); err != nil {
			return err
		}
	}
	klog.SetOutput(writer)
	return nil
}
