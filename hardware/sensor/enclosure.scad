// Sensor node: a plain box, cables from below through glands with a drip loop, terminals behind them.
include <../enclosure/lib.scad>
part = "all";
size = [120, 84, 42];

module sensor_base() {
    difference() {
        base(size, 6);
        for (x = [-42 : 21 : 42]) translate([x, -size[1] / 2 - 1, 21]) rotate([-90, 0, 0]) cylinder(d = 12.4, h = 8); // M12
        translate([size[0] / 2 - wall - 1, 10, 14]) rotate([0, 90, 0]) cylinder(d = 2.2, h = 8); // recessed key
    }
    for (x = [-44, 44], y = [4, 28]) translate([x, y, 0]) ring(6, 2.4, 8);
    for (x = [-50, 50]) translate([x - 1, -22, wall]) cube([2, 14, 12]); // ends of the row of terminals
}

module sensor_lid() {
    color("#e9e6df") lid(size, 6) translate([40, 22, -5]) cylinder(d = 5, h = 20); // light: closed with clear glue
}

place(part, part == "all" ? size[2] + 22 : 0) {
    color("#d8d4cb") sensor_base();
    sensor_lid();
}
