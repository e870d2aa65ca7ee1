//! The text that Prometheus reads.
//! Source: <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>

use std::fmt::{Display, Write};

use crate::engine::Histogram;

/// A page in the making. Labels and help are our own words: none has a character that would need escaping.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    text: String,
    /// The family that samples belong to.
    name: &'static str,
}

impl Exposition {
    /// Begins a family of samples.
    pub(super) fn family(&mut self, name: &'static str, kind: &str, help: &str) -> &mut Self {
        self.name = name;
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        self
    }

    /// A sample of the family with labels.
    pub(super) fn labelled(&mut self, labels: &[(&str, &str)], value: impl Display) -> &mut Self {
        self.sample("", labels, value);
        self
    }

    /// A number that goes up and down.
    pub(super) fn gauge(&mut self, name: &'static str, help: &str, value: impl Display) {
        self.family(name, "gauge", help).labelled(&[], value);
    }

    /// A number that only grows.
    pub(super) fn counter(&mut self, name: &'static str, help: &str, value: impl Display) {
        self.family(name, "counter", help).labelled(&[], value);
    }

    /// A histogram, its observations brought to the unit of its name.
    pub(super) fn histogram(
        &mut self,
        name: &'static str,
        help: &str,
        histogram: &Histogram,
        unit: impl Fn(u64) -> f64,
    ) {
        self.family(name, "histogram", help);
        let mut total = 0;
        for (bound, count) in histogram.cumulative() {
            let bound = bound.map_or_else(|| "+Inf".to_owned(), |bound| unit(bound).to_string());
            self.sample("_bucket", &[("le", &bound)], count);
            total = count;
        }
        self.sample("_sum", &[], unit(histogram.sum()));
        self.sample("_count", &[], total);
    }

    /// The page.
    pub(super) fn finish(self) -> String {
        self.text
    }

    fn sample(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl Display) {
        let _ = write!(self.text, "{}{suffix}", self.name);
        for (index, (label, of)) in labels.iter().enumerate() {
            let _ = write!(self.text, "{}{label}=\"{of}\"", if index == 0 { "{" } else { "," });
        }
        let close = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{close} {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::Exposition;

    #[test]
    fn samples_stand_under_their_family() {
        let mut page = Exposition::default();
        page.gauge("tea", "Cups", 2);
        page.family("milk", "counter", "Drops").labelled(&[("in", "tea"), ("kind", "oat")], 7);
        let text = "# HELP tea Cups\n# TYPE tea gauge\ntea 2\n\
            # HELP milk Drops\n# TYPE milk counter\nmilk{in=\"tea\",kind=\"oat\"} 7\n";
        assert_eq!(page.finish(), text);
    }
}
