// Access point: a bracket that holds it off a pole of 40 to 60 mm, with a roof against sun and rain.
include <../enclosure/lib.scad>
include <../enclosure/bought.scad>
part = "all";
step = 0;
size = [96, 120];

module bracket() {
    difference() {
        union() {
            translate([0, 0, 6]) rotate([90, 0, 0]) rounded([size[0], 12, size[1]], 3);
            translate([0, -size[1] / 2, -14]) rotate([90, 0, 0]) translate([0, 0, -0.5]) cube([60, 36, 100], center = true);
        }
        translate([0, 40, -38]) rotate([90, 0, 0]) cylinder(d = 60, h = 300);                 // the pole
        for (y = [-22, -98]) translate([-60, y - 7, -14]) cube([120, 14, 3.5]);                // steel straps of 12 mm
        for (x = [-30, 30], y = [-20, -100]) translate([x, y, -1]) cylinder(d = 5.5, h = 40);  // the access point's plate
        for (x = [-30, 30]) translate([x, -10, 6]) rotate([-90, 0, 0]) cylinder(d = 2.5, h = 12);
    }
}

module roof() { // screwed onto the bracket's upper edge
    difference() {
        hull() {
            translate([-size[0] / 2, 0, 0]) cube([size[0], 4, 1]);
            for (x = [-1, 1]) translate([x * (size[0] / 2 - 8), 0, 72]) rotate([-90, 0, 0]) cylinder(d = 30, h = 4);
        }
        for (x = [-30, 30]) translate([x, -1, 6]) rotate([-90, 0, 0]) cylinder(d = 3.4, h = 8);
    }
}

module pole() {
    color(metal) translate([0, 90, -38]) rotate([90, 0, 0]) cylinder(d = 50, h = 300);
    color("#70767f") for (y = [-22, -98]) translate([0, y, -38]) rotate([90, 0, 0]) difference() { // steel straps
        translate([0, 0, -6]) scale([1.06, 1, 1]) cylinder(d = 62, h = 12);
        translate([0, 0, -7]) cylinder(d = 60, h = 14);
    }
}

module point() {
    translate([0, 0, 6]) color("#f4f4f0") translate([-35, -112, 0]) cube([70, 100, 32]);
    color(dark) for (x = [-25, 25]) translate([x, -112, 22]) rotate([90, 0, 0]) cylinder(d = 10, h = 60);
    color("#444a54") translate([0, -112, 20]) rotate([90, 0, 0]) cylinder(d = 7, h = 40);
}

if (step == 1) rotate([90, 0, 0]) { color(grey) bracket(); pole(); }
else if (step == 2) rotate([90, 0, 0]) { color(grey) bracket(); color("#b8b2a5") roof(); pole(); point(); }
else {
    if (part == "base" || part == "all") color(grey) bracket();
    if (part == "lid") rotate([90, 0, 0]) roof();
    if (part == "all") color("#b8b2a5") roof();
}
