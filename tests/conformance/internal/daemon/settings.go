package daemon

import (
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Set changes a setting of signetd.yaml, "log.format" for one in a section, and leaves the rest as it is
// written. It counts from the next start.
func (d *Daemon) Set(setting string, value any) {
	d.t.Helper()
	text, err := os.ReadFile(d.ConfigPath())
	if err != nil {
		d.t.Fatal(err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil || len(document.Content) != 1 {
		d.t.Fatalf("%s: %v", d.ConfigPath(), err)
	}
	node := document.Content[0]
	names := strings.Split(setting, ".")
	for _, name := range names[:len(names)-1] {
		section := member(node, name)
		section.Kind = yaml.MappingNode
		node = section
	}
	if err := member(node, names[len(names)-1]).Encode(value); err != nil {
		d.t.Fatal(err)
	}
	if text, err = yaml.Marshal(&document); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(d.ConfigPath(), text, 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// member is the value of a key, added when it is missing.
func member(mapping *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return mapping.Content[i+1]
		}
	}
	key, value := &yaml.Node{Kind: yaml.ScalarNode, Value: name}, &yaml.Node{}
	mapping.Content = append(mapping.Content, key, value)
	return value
}
